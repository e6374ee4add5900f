// Moving cards: by mouse, by touch (a long press), and by keyboard. The page's own forms do the same without this file.
const board = document.getElementById("board");
const drawer = document.getElementById("drawer");
const message = document.getElementById("message");
const LONG_PRESS_MS = 250;
const SLACK_PX = 6;

const cardOf = (element) => element.closest?.(".goal");
const listOf = (column) => column.querySelector("ol");
const columnOf = (card) => card.closest(".column");
const cardsIn = (column) => [...listOf(column).querySelectorAll(".goal")];
const say = (text) => { document.getElementById("said").textContent = text; };
const hold = (on) => document.dispatchEvent(new Event(on ? "live-hold" : "live-resume"));
const label = (column) => column.getAttribute("aria-label");
const idOf = (element) => (element?.classList.contains("goal") ? element.id.replace("goal-", "") : "");
const title = (card) => card.querySelector(".top a").textContent;

// --- The move itself: shown at once, taken back visibly when the site refuses it ---

function place(card, column, before) {
  const list = listOf(column);
  list.insertBefore(card, before);
  list.querySelector(".empty")?.remove();
}

async function move(card, from) {
  const column = columnOf(card);
  const next = card.nextElementSibling;
  if (column === from.column && next === from.next) return;
  const body = new FormData();
  body.set("column", column.dataset.column);
  // Neighbours rather than a number: filters and the cards that are not shown make numbers mean something else.
  body.set("before", idOf(next));
  body.set("after", idOf(card.previousElementSibling));
  body.set("revision", `"${card.dataset.revision}"`);
  card.classList.add("waiting");
  const response = await post(`/goals/${idOf(card)}/move`, body);
  card.classList.remove("waiting");
  if (response?.ok) {
    const { revision, position } = await response.json();
    card.dataset.revision = revision.slice(1, -1);
    say(`“${title(card)}” is in ${label(column)}, place ${position + 1}.`);
  } else {
    place(card, from.column, from.next);
    card.focus();
    await explain(response, card);
  }
}

async function post(url, body) {
  const headers = { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] };
  try {
    return await fetch(url, { method: "POST", body, headers: { ...headers, Accept: "application/json" } });
  } catch {
    return null; // the site is away
  }
}

async function explain(response, card) {
  say(`“${title(card)}” was not moved.`);
  if (response?.status === 409) {
    message.innerHTML = await response.text(); // our own template, in which every text is escaped
  } else {
    message.replaceChildren(heading(`“${title(card)}” was not moved`), paragraph(await reasonOf(response)), closer());
  }
  message.showModal();
}

async function reasonOf(response) {
  if (!response) return "The site does not answer. Try again when the light says live.";
  if (response.status === 401) return "You are no longer logged in. Reload the page to log in again.";
  const plain = response.headers.get("Content-Type")?.startsWith("text/plain");
  return plain ? (await response.text()).slice(0, 300) : `The site refused it (${response.status}). Reload the page and try again.`;
}

const heading = (text) => Object.assign(document.createElement("h1"), { textContent: text });
const paragraph = (text) => Object.assign(document.createElement("p"), { textContent: text });

function closer() {
  const form = Object.assign(document.createElement("form"), { method: "dialog" });
  form.append(Object.assign(document.createElement("button"), { className: "button", textContent: "Close" }));
  return form;
}

// --- Mouse and touch ---

let drag = null;
let justDropped = false;

board.addEventListener("pointerdown", (event) => {
  const card = cardOf(event.target);
  if (drag || !card || !event.isPrimary || event.button !== 0 || event.target.closest(".menu")) return;
  drag = { card, id: event.pointerId, x: event.clientX, y: event.clientY, lifted: false };
  if (event.pointerType === "touch") drag.timer = setTimeout(() => drag && lift(drag.x, drag.y), LONG_PRESS_MS);
});

window.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  if (!drag.lifted) {
    if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLACK_PX) return;
    if (drag.timer) return letGo(); // a finger that moves at once is scrolling
    lift(event.clientX, event.clientY);
  }
  if (drag) follow(event.clientX, event.clientY);
});

window.addEventListener("pointerup", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  if (drag.lifted) drop();
  else letGo();
});
window.addEventListener("pointercancel", (event) => drag?.id === event.pointerId && putBack());
window.addEventListener("keydown", (event) => event.key === "Escape" && drag?.lifted && putBack());
board.addEventListener("touchmove", (event) => drag?.lifted && event.preventDefault(), { passive: false });
board.addEventListener("dragstart", (event) => event.preventDefault()); // of the links in the cards
board.addEventListener("contextmenu", (event) => drag?.lifted && event.preventDefault());

function lift(x, y) {
  const card = document.getElementById(drag.card.id); // a redraw may have come between the press and now
  if (!card) return letGo();
  drag.card = card;
  const box = card.getBoundingClientRect();
  hold(true);
  Object.assign(drag, {
    lifted: true,
    from: { column: columnOf(card), next: card.nextElementSibling },
    dx: x - box.left,
    dy: y - box.top,
    gap: Object.assign(document.createElement("li"), { className: "gap" }),
  });
  drag.gap.style.height = `${box.height}px`;
  card.style.width = `${box.width}px`;
  card.before(drag.gap);
  card.classList.add("dragged");
  document.body.classList.add("dragging");
  follow(x, y);
}

function follow(x, y) {
  const { card, gap, dx, dy } = drag;
  card.style.left = `${x - dx}px`;
  card.style.top = `${y - dy}px`;
  const column = document.elementFromPoint(x, y)?.closest(".column");
  scrollAtEdge(x);
  if (!column || !board.contains(column)) return;
  const below = cardsIn(column).find((other) => {
    const box = other.getBoundingClientRect();
    return other !== card && y < box.top + box.height / 2;
  });
  listOf(column).insertBefore(gap, below ?? null);
  board.querySelectorAll(".column").forEach((other) => other.classList.toggle("over", other === column));
}

function scrollAtEdge(x) {
  const box = board.getBoundingClientRect();
  if (x > Math.min(box.right, innerWidth) - 40) board.scrollLeft += 16;
  if (x < box.left + 40) board.scrollLeft -= 16;
}

function settle() {
  const { card, gap } = drag;
  card.classList.remove("dragged");
  card.removeAttribute("style");
  gap.remove();
  document.body.classList.remove("dragging");
  board.querySelectorAll(".over").forEach((column) => column.classList.remove("over"));
}

function drop() {
  const { card, gap, from } = drag;
  gap.before(card);
  columnOf(card).querySelector(".empty")?.remove();
  settle();
  justDropped = true; // the click that follows a drag must not open the card
  setTimeout(() => { justDropped = false; }, 0);
  letGo();
  card.focus();
  finish(card, from);
}

function putBack() {
  const { lifted } = drag;
  if (lifted) settle();
  letGo();
  if (lifted) hold(false);
}

function letGo() {
  clearTimeout(drag?.timer);
  drag = null;
}

async function finish(card, from) {
  try {
    await move(card, from);
  } finally {
    hold(false);
  }
}

// --- Keyboard ---

let held = null; // {card, from} while a card is picked up

board.addEventListener("keydown", (event) => {
  const card = event.target.classList.contains("goal") ? event.target : null;
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = { " ": toggle, Enter: open, Escape: release, ArrowUp: step, ArrowDown: step, ArrowLeft: step, ArrowRight: step }[event.key];
  if (!act) return;
  event.preventDefault();
  act(card, event.key);
});

function toggle(card) {
  if (held) return release(card);
  held = { card, from: { column: columnOf(card), next: card.nextElementSibling } };
  hold(true);
  card.classList.add("held");
  say(`“${title(card)}” picked up. Arrow keys move it, Space drops it, Escape puts it back.`);
}

function release(card, key) {
  if (!held) return;
  const { from } = held;
  held = null;
  card.classList.remove("held");
  if (key === "Escape") {
    place(card, from.column, from.next);
    say(`“${title(card)}” put back.`);
    hold(false);
  } else {
    finish(card, from);
  }
  card.focus();
}

function open(card) {
  if (held) release(card);
  else show(card);
}

function step(card, key) {
  const target = { ArrowUp: above, ArrowDown: below, ArrowLeft: beside(-1), ArrowRight: beside(1) }[key](card);
  if (!target) return;
  if (!held) return (target.card ?? target.column.querySelector(".goal"))?.focus();
  place(card, target.column, target.before);
  card.focus();
  say(`${label(target.column)}, place ${cardsIn(target.column).indexOf(card) + 1}.`);
}

function above(card) {
  const other = card.previousElementSibling;
  return idOf(other) && { column: columnOf(card), before: other, card: other };
}

function below(card) {
  const other = card.nextElementSibling;
  return idOf(other) && { column: columnOf(card), before: other.nextElementSibling, card: other };
}

const beside = (direction) => (card) => {
  const columns = [...board.querySelectorAll(".column")];
  let index = columns.indexOf(columnOf(card)) + direction;
  while (!held && columns[index] && !cardsIn(columns[index]).length) index += direction;
  const column = columns[index];
  if (!column) return null;
  const other = cardsIn(column)[cardsIn(columnOf(card)).indexOf(card)] ?? cardsIn(column).at(-1);
  return { column, before: other ?? null, card: other };
};

board.addEventListener("focusout", (event) => {
  // Focus that leaves a held card for good drops it; a redraw or a step of ours gives it back at once.
  setTimeout(() => held && document.hasFocus() && !held.card.contains(document.activeElement) && release(held.card), 100);
});

// --- The drawer: the goal's own page, beside the board ---

async function show(card) {
  const url = card.querySelector(".top a").getAttribute("href");
  await htmx.ajax("GET", url, { target: "#drawer", swap: "innerHTML" });
  if (!drawer.childElementCount) return say("The goal could not be opened; it may have been deleted.");
  drawer.returnTo = card.id;
  if (!drawer.open) drawer.showModal();
}

board.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || !cardOf(link) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (!justDropped) show(cardOf(link));
});

drawer.addEventListener("close", () => {
  document.getElementById(drawer.returnTo)?.focus();
  drawer.replaceChildren();
});
