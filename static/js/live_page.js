// A page of rows that come all the time. When a topic of its .live-tools is announced (live.js), it asks its own address
// what has changed. Parts marked data-fresh, each with an id, take over what differs in place: focus, scroll positions
// and open details stay. The list itself, marked data-live-list with an id, moves only when its notice is clicked.
const REST_MS = 900; // from one question to the next, at the least
const SHARE = 4; // and so many times what the site needed for the answer
const PAUSED = "live-paused"; // in sessionStorage: of this tab

let asked = -Infinity;
let rest = REST_MS;
let owed = false; // something has changed since
let asking = false;
let timer = 0;
let selected = false; // a part was left alone for the text that is selected in it

const tools = () => document.querySelector(".live-tools");
const notice = () => document.getElementById("arrived");
const paused = () => sessionStorage.getItem(PAUSED) !== null;
const still = () => asking || paused() || document.hidden || !tools();

function changed() {
  owed = true;
  plan();
}

function plan() {
  if (!owed || timer || still()) return;
  timer = setTimeout(() => { timer = 0; if (owed && !still()) refresh(); }, Math.max(0, asked + rest - performance.now()));
}

async function refresh() {
  const from = tools();
  const { since } = from.dataset;
  const { href } = location;
  owed = false;
  const fresh = await ask({ "Live-Since": since });
  // Meanwhile the person may have gone on to another range, or have seen the new rows, or not want to see any. Where but
  // a part of the page was asked for, by other weights for example, it is the address that tells.
  const same = from.isConnected && from.dataset.since === since && location.href === href;
  if (fresh && same && !paused()) renew(fresh);
  else owed = true;
  plan();
}

async function ask(headers) {
  asking = true;
  asked = performance.now();
  try {
    const answer = await fetch(location.href, { headers, redirect: "manual", signal: AbortSignal.timeout(30_000) });
    if (answer.type === "opaqueredirect") location.reload(); // to the login
    if (!answer.ok) throw new Error(`${answer.status}`);
    rest = Math.max(REST_MS, SHARE * answer.headers.get("X-Response-Time-Ms"));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    rest = 10 * REST_MS;
    return null;
  } finally {
    asking = false;
  }
}

function renew(fresh, parts = "[data-fresh]") {
  for (const part of document.querySelectorAll(parts)) {
    const now = fresh.getElementById(part.id);
    if (!now) continue;
    if (isSelected(part)) selected = true;
    else takeOver(part, now);
  }
  tell();
}

function isSelected(part) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(part, true);
}

document.addEventListener("selectionchange", () => {
  if (!selected || !getSelection().isCollapsed) return;
  selected = false;
  changed();
});

function takeOver(part, now) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const link = focused?.getAttribute("href");
  morph(part, now);
  htmx.process(part);
  // Rows may have changed places: the focus stays with what it was on.
  if (link && focused.getAttribute("href") !== link) part.querySelector(`[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}

function morph(old, now) {
  if (old.isEqualNode(now)) return;
  if (old.nodeName !== now.nodeName) return old.replaceWith(now);
  if (old.nodeType !== Node.ELEMENT_NODE) { old.data = now.data; return; }
  const mine = (name) => name === "open" && old.nodeName === "DETAILS";
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name) && !mine(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value && !mine(name)) old.setAttribute(name, value);
  const before = [...old.childNodes];
  const after = [...now.childNodes];
  after.forEach((node, place) => (before[place] ? morph(before[place], node) : old.append(node)));
  before.slice(after.length).forEach((node) => node.remove());
}

// --- The notice ---

function tell() {
  const status = tools().querySelector("[role=status]");
  const text = notice().hidden ? "" : "New rows have arrived.";
  if (status.textContent !== text) status.textContent = text; // once, not with each number
}

document.addEventListener("click", async (event) => {
  const list = document.querySelector("[data-live-list]");
  if (!list || !event.target.closest("#arrived") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const fresh = await ask({});
  if (!fresh?.getElementById(list.id) || !list.isConnected) return location.reload();
  tools().dataset.since = fresh.querySelector(".live-tools").dataset.since;
  renew(fresh, "[data-fresh], [data-live-list]");
  (list.querySelector("[tabindex]") ?? list).focus({ preventScroll: true });
  plan();
});

// --- The button, and coming back ---

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-live-pause]")) return;
  if (paused()) sessionStorage.removeItem(PAUSED);
  else sessionStorage.setItem(PAUSED, "");
  dress();
  changed();
});

function dress() {
  if (!tools()) return;
  const [light, button, word] = [".live", "[data-live-pause]", "[data-live-paused]"].map((one) => tools().querySelector(one));
  button.hidden = false;
  button.setAttribute("aria-pressed", paused());
  light.hidden = paused();
  word.hidden = !paused();
}

document.addEventListener("visibilitychange", plan);
// Another range or page of the list: rows may have come between its making and now.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.querySelector?.(".live-tools")) return;
  dress();
  changed();
});

const topics = new Set(tools()?.dataset.live.split(" "));
topics.forEach((topic) => document.body.addEventListener(topic, changed));
dress();
