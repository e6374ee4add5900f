// A session's page by keyboard and mouse. All of it works by links without this file; only dragging needs it.
const steps = () => [...document.querySelectorAll("#steps tr[data-last]")];
const linkOf = (row) => row.querySelector("a");
const current = () => document.activeElement?.closest?.("#steps tr[data-last]");

function goTo(row) {
  linkOf(row).focus();
  row.scrollIntoView({ block: "nearest" });
}

function walk(by) {
  const rows = steps();
  const row = rows[current() ? rows.indexOf(current()) + by : 0];
  if (row) goTo(row);
}

// The next failed step on the page, or else the site is asked for it.
function toFailure(direction) {
  const rows = steps();
  const here = current() ? rows.indexOf(current()) : direction > 0 ? -1 : rows.length;
  const beside = direction > 0 ? rows.slice(here + 1) : rows.slice(0, Math.max(here, 0)).reverse();
  const row = beside.find((one) => one.classList.contains("failed"));
  if (row) return goTo(row);
  const link = document.querySelector(`[data-failure="${direction > 0 ? "next" : "previous"}"]`);
  if (!link || !rows.length) return;
  const url = new URL(link.href);
  url.searchParams.delete("after");
  url.searchParams.delete("before");
  const [name, value] = direction > 0 ? ["after", rows.at(-1).dataset.last] : ["before", rows[0].id.replace("step-", "")];
  url.searchParams.set(name, value);
  location.assign(url);
}

const KEYS = { n: () => toFailure(1), p: () => toFailure(-1), ArrowDown: () => walk(1), ArrowUp: () => walk(-1) };
const WRITTEN_AS = { "=": "+", "_": "-" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea, [contenteditable], [popover]")) return;
  const key = WRITTEN_AS[event.key] ?? event.key;
  const link = document.querySelector(`.zoom-buttons [data-key="${CSS.escape(key)}"]`);
  if (!KEYS[key] && !link) return;
  event.preventDefault();
  if (KEYS[key]) KEYS[key]();
  else link.click();
});

document.querySelector("[data-failure='next']")?.addEventListener("click", (event) => {
  event.preventDefault();
  toFailure(1);
});

// --- A step as it is stored, in the drawer ---

document.addEventListener("htmx:afterSwap", (event) => {
  const drawer = event.target;
  if (drawer.id !== "raw" || !drawer.childElementCount) return;
  drawer.returnTo = event.detail.requestConfig.elt;
  if (!drawer.open) drawer.showModal();
});

document.addEventListener("close", (event) => {
  if (event.target.id !== "raw") return;
  event.target.replaceChildren();
  event.target.returnTo?.focus();
}, true);

// --- Dragging over the picture shows what was dragged over ---

let dragged = null;
const partAt = (event) => {
  const parts = [...document.querySelectorAll(".picture .zoom a")];
  return parts.findLast((part) => part.getBoundingClientRect().left <= event.clientX) ?? parts[0];
};

document.addEventListener("pointerdown", (event) => {
  if (event.button || event.pointerType === "touch" || !event.target.closest(".picture .zoom")) return;
  dragged = { first: partAt(event), last: partAt(event) };
});

document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  dragged.last = partAt(event);
  chosen().forEach((part) => part.classList.add("chosen"));
});

// Within one part it is a click on its link.
document.addEventListener("pointerup", () => {
  if (!dragged) return;
  const parts = chosen();
  document.querySelectorAll(".picture .chosen").forEach((part) => part.classList.remove("chosen"));
  dragged = null;
  if (parts.length < 2) return;
  const url = new URL(parts[0].href.baseVal, location);
  url.searchParams.set("from", parts[0].dataset.from);
  url.searchParams.set("to", parts.at(-1).dataset.to);
  addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
  location.assign(url);
});

document.addEventListener("dragstart", (event) => event.target.closest?.(".picture") && event.preventDefault());

function chosen() {
  const parts = [...document.querySelectorAll(".picture .zoom a")];
  const [first, last] = [parts.indexOf(dragged.first), parts.indexOf(dragged.last)].sort((a, b) => a - b);
  parts.forEach((part) => part.classList.remove("chosen"));
  return parts.slice(first, last + 1);
}

if (location.hash === "#failure") document.getElementById("failure")?.focus();
