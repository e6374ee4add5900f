// On every page. Answers with a 409 or 422 are pages of ours as well: the form with its errors, or the two versions
// of a conflict.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// While the database is away a page keeps what it shows, and says that it may be old.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 503) warn(event.detail.xhr.responseText);
});
document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && clearWarning());

function warn(text) {
  clearWarning();
  const note = Object.assign(document.createElement("p"), { id: "away", className: "note error", textContent: text });
  note.setAttribute("role", "alert");
  (document.querySelector("dialog[open]") ?? document.querySelector("main")).prepend(note);
}

function clearWarning() {
  document.getElementById("away")?.remove();
}

// Pages are in the person's time zone from the next one on.
document.cookie = `timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

// What the keys of this page do. Not while a key is a letter of somebody's text, and not over a dialog.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  if (!document.querySelector("dialog:modal")) document.getElementById("help")?.togglePopover();
});
