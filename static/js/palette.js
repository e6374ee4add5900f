// Ctrl or Cmd and K: what is found arrives as the same part of a page that /search shows, and becomes a list to choose
// from with the arrow keys while the focus stays in the field.
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-text");
const list = document.getElementById("palette-list");
const said = document.getElementById("palette-said");
const options = () => [...list.querySelectorAll("a")];
const chosen = () => list.querySelector("[aria-selected=true]");

function open() {
  dialog.showModal();
  field.select();
  htmx.trigger(field, "palette-open");
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function step(by) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

// In a listbox only groups and options have a meaning.
function asListbox() {
  list.querySelectorAll("section").forEach((section) => section.setAttribute("role", "group"));
  list.querySelectorAll("h2, ul, li").forEach((part) => part.setAttribute("role", "presentation"));
  options().forEach((option, place) => {
    option.id = `palette-${place}`;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog.open) dialog.close();
  else open();
});

document.addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (elsewhere || !event.target.closest("[data-opens-palette]")) return;
  event.preventDefault();
  open();
});

field.addEventListener("input", () => choose(null)); // Enter must not open what an older text has found
field.addEventListener("keydown", (event) => {
  const option = chosen();
  if (event.key === "ArrowDown") step(1);
  else if (event.key === "ArrowUp") step(option ? -1 : 0);
  else if (event.key === "Enter" && option) option.click();
  else return;
  event.preventDefault();
});

list.addEventListener("htmx:afterSwap", () => {
  asListbox();
  const all = options();
  list.hidden = false;
  list.setAttribute("role", all.length ? "listbox" : "presentation"); // an empty listbox is none
  field.setAttribute("aria-expanded", String(all.length > 0));
  said.textContent = all.length ? `${all.length} found` : "Nothing found";
  choose(all[0]);
});

// The page may come back from the browser's history as it was left.
list.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
