// On every page. What a person asked for and takes longer than a moment shows that it is under way, and a double click
// sends a form once. What the page asks by itself shows nothing.
const MOMENT_MS = 400;
const ON_PURPOSE_MS = 5000; // after so long it may be sent again: the first attempt may have been stopped
const bar = Object.assign(document.createElement("progress"), { className: "waiting", ariaLabel: "Working on it" });
const asked = new Set(); // requests that a person waits for
let sent = new WeakMap(); // forms, and when
let timer = 0;

function wait() {
  timer ||= setTimeout(show, MOMENT_MS);
}

function show() {
  (document.querySelector("dialog[open]") ?? document.querySelector("main")).append(bar);
}

function rest() {
  clearTimeout(timer);
  timer = 0;
  bar.remove();
}

// One that a script or a dialog takes care of leads to no other page.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const method = event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method");
  if (event.defaultPrevented || method === "dialog") return;
  if (method === "post" && event.timeStamp - sent.get(form) < ON_PURPOSE_MS) return event.preventDefault();
  sent.set(form, event.timeStamp);
  wait();
});

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (!detail.requestConfig.triggeringEvent?.isTrusted) return;
  asked.add(detail.xhr);
  wait();
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (asked.delete(detail.xhr) && !asked.size) rest();
});

// Come back to, as it was left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  sent = new WeakMap();
  asked.clear();
  rest();
});
