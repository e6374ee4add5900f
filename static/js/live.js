// Topics arrive over one socket; elements that name a topic in hx-trigger ("goals from:body") fetch themselves anew.
// A page that must not be redrawn just now (a card is in the hand) says so with the event "live-hold" and ends it with
// "live-resume"; what arrives in between waits. Events, not an import: hashed file names would load this module twice.
let wait = 500;
let holds = 0;
const waiting = new Set();

document.addEventListener("live-hold", () => { holds += 1; });
document.addEventListener("live-resume", () => {
  holds -= 1;
  if (holds) return;
  waiting.forEach((topic) => htmx.trigger(document.body, topic));
  waiting.clear();
});

function announce(topic) {
  if (holds) waiting.add(topic);
  else htmx.trigger(document.body, topic);
}

// What was asked for just before a hold must not redraw either.
document.addEventListener("htmx:beforeSwap", (event) => {
  const topics = event.detail.target.dataset?.live;
  if (!holds || !topics) return;
  event.detail.shouldSwap = false;
  topics.split(" ").forEach((topic) => waiting.add(topic));
});

function topicsOnPage() {
  const live = document.querySelectorAll("[data-live]");
  return [...live].flatMap((element) => element.dataset.live.split(" "));
}

let light = null; // [state, text]

function show(...now) {
  light = now;
  document.querySelectorAll(".live").forEach((element) => {
    [element.dataset.state, element.textContent] = light;
  });
}

// Parts of the page that were swapped in may hold a light of their own.
document.addEventListener("htmx:afterSettle", () => light && show(...light));

// At the page's own address, unless the page names another one.
const origin = document.querySelector("meta[name=socket-origin]")?.content ?? location.origin.replace(/^http/, "ws");

function open() {
  const socket = new WebSocket(`${origin}/ws/live/`);
  let opened = false;
  socket.onopen = () => {
    // Whatever happened between rendering, or losing the last socket, and now.
    topicsOnPage().forEach(announce);
    opened = true;
    wait = 500;
    show("live", "live");
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    (message.resumed ? topicsOnPage() : message.topics).forEach(announce);
  };
  socket.onclose = () => {
    show("lost", "offline, trying again");
    wait = Math.min(opened ? 1000 : wait * 2, 15000);
    setTimeout(open, wait);
  };
}

// Opening tells the page to catch up, so all that listens to topics must be there before: the scripts after this one,
// however late they arrive, and htmx.
if (document.querySelector("[data-live]")) document.addEventListener("DOMContentLoaded", open);
