// The picture of a graph: zooms and moves, and the arrow keys go along its lines from node to node. Without this it is a
// picture of links. Where the focus was survives the way to the next picture.
const graph = document.getElementById("graph");
const drawn = document.getElementById("drawn");
const zooms = document.getElementById("zooms");
const STEP = 1.3;
const LEAST = 60; // units across
const FOCUS = "graph-focus"; // in sessionStorage: the path of the node that had it
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

// --- Zooming and moving ---

const whole = () => drawn.dataset.box.split(" ").map(Number);
const box = () => graph.getAttribute("viewBox").split(" ").map(Number);
const fitted = () => graph.getAttribute("viewBox") === drawn.dataset.box;

function show(x, y, width, height) {
  graph.setAttribute("viewBox", [x, y, width, height].map((side) => Math.round(side * 10) / 10).join(" "));
  graph.classList.add("zoomed");
}

function fit() {
  graph.setAttribute("viewBox", drawn.dataset.box);
  graph.classList.remove("zoomed");
}

function zoom(factor, at) {
  const [x, y, width, height] = box();
  const size = Math.min(Math.max(width / factor, LEAST), 2 * whole()[2]) / width;
  const { x: px, y: py } = at ?? { x: x + width / 2, y: y + height / 2 };
  show(px - (px - x) * size, py - (py - y) * size, width * size, height * size);
}

function inUnits(event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(graph.getScreenCTM().inverse());
}

graph.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
  event.preventDefault();
  zoom(event.deltaY < 0 ? STEP : 1 / STEP, inUnits(event));
}, { passive: false });

let held = null; // where the pointer took hold, in units
let dragged = false;

graph.addEventListener("pointerdown", (event) => {
  dragged = false;
  if (event.button || (event.pointerType === "touch" && fitted())) return;
  held = inUnits(event);
});
graph.addEventListener("pointermove", (event) => {
  if (!held) return;
  const now = inUnits(event);
  const [x, y, width, height] = box();
  if (!dragged && Math.hypot(now.x - held.x, now.y - held.y) < width / 150) return;
  if (!dragged) graph.setPointerCapture(event.pointerId);
  dragged = true;
  show(x + held.x - now.x, y + held.y - now.y, width, height);
});
for (const end of ["pointerup", "pointercancel"]) graph.addEventListener(end, () => { held = null; });
graph.addEventListener("click", (event) => dragged && event.preventDefault(), true);
graph.addEventListener("dragstart", (event) => event.preventDefault());

zooms.hidden = false;
zooms.addEventListener("click", (event) => {
  const how = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (how) ({ in: () => zoom(STEP), out: () => zoom(1 / STEP), fit })[how]();
});

// --- Walking ---

const nodes = () => [...drawn.querySelectorAll("[data-node]")];
const linkOf = (node) => node.querySelector("a");
const nodeOf = (element) => element?.closest?.("[data-node]");
const placeOf = (node) => linkOf(node).querySelector("use").transform.baseVal[0].matrix;

function neighboursOf(node) {
  const here = node.dataset.node;
  const numbers = [...drawn.querySelectorAll("[data-ends]")]
    .map((line) => line.dataset.ends.split(" "))
    .filter((ends) => ends.includes(here))
    .map(([start, end]) => (start === here ? end : start));
  return numbers.map((number) => drawn.querySelector(`[data-node="${number}"]`));
}

// The neighbour that lies most in the direction; far to the side is not in it.
function next(node, [across, down]) {
  const { e: x, f: y } = placeOf(node);
  const angle = (other) => {
    const { e, f } = placeOf(other);
    return ((e - x) * across + (f - y) * down) / (Math.hypot(e - x, f - y) || 1);
  };
  const ahead = neighboursOf(node).map((other) => [angle(other), other]).filter(([cosine]) => cosine > 0.2);
  return ahead.sort((one, other) => other[0] - one[0])[0]?.[1];
}

function focus(node) {
  nodes().forEach((one) => one.querySelectorAll("a").forEach((link) => link.setAttribute("tabindex", "-1")));
  linkOf(node).setAttribute("tabindex", "0");
  linkOf(node).focus({ preventScroll: true });
  comeIntoView(placeOf(node));
}

function comeIntoView({ e, f }) {
  const [x, y, width, height] = box();
  if (e > x && e < x + width && f > y && f < y + height) return;
  show(e - width / 2, f - height / 2, width, height);
}

graph.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const node = nodeOf(event.target);
  if (node && ARROWS[event.key]) {
    const to = next(node, ARROWS[event.key]);
    if (to) focus(to);
  } else if (node && event.key === "e") {
    const toggle = node.querySelector(".toggle");
    if (toggle) go(node, toggle);
  } else if (["+", "="].includes(event.key)) zoom(STEP);
  else if (event.key === "-") zoom(1 / STEP);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});

function go(node, link) {
  remember(node);
  location.assign(link.getAttribute("href"));
}

const pathOf = (node) => new URL(linkOf(node).getAttribute("href"), location.href).pathname;
const remember = (node) => sessionStorage.setItem(FOCUS, pathOf(node));

// A click of the keyboard's Enter has no detail.
graph.addEventListener("click", (event) => {
  const node = nodeOf(event.target);
  if (node && event.detail === 0) remember(node);
});

// One stop for the tab key: the node that had the focus last, else the one in the middle.
function dress() {
  const all = nodes();
  const current = all.find((node) => node.contains(document.activeElement)) ?? all[0];
  all.forEach((node) => node.querySelectorAll("a").forEach((link) => link.setAttribute("tabindex", node === current && link === linkOf(node) ? "0" : "-1")));
}

// What is live may have changed the picture, and takes the stops away each time.
let boxBefore = drawn.dataset.box;
new MutationObserver((_changes, observer) => {
  const wasFitted = graph.getAttribute("viewBox") === boxBefore;
  boxBefore = drawn.dataset.box;
  if (wasFitted) fit();
  dress();
  observer.takeRecords(); // of what dress() did
}).observe(drawn, { attributes: true, attributeFilter: ["data-box", "href", "tabindex"], childList: true, subtree: true });

dress();
const remembered = sessionStorage.getItem(FOCUS);
sessionStorage.removeItem(FOCUS);
const again = remembered && nodes().find((node) => pathOf(node) === remembered);
if (again) focus(again);
