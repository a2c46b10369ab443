/*
 * The page put together: one state, one client, one view at a time. The only file that keeps anything of a person, and
 * only for this tab: the seat with what was said and not confirmed, so that a page that was put to sleep comes back to
 * it; what was being written; where people can be reached who gave it and what was answered to bottles, for the server
 * tells that once, and the bottles; and a seat that was left and whose server does not know it yet.
 */

import { Client } from "./client.js";
import { fill, h } from "./dom.js";
import { EnterView } from "./enter.js";
import { cellOf } from "./geo.js";
import { speak, t, wanted } from "./i18n.js";
import { load } from "./load.js";
import { FIRST, linesOf, step } from "./state.js";
import { forGood, forTab } from "./storage.js";

const TICK_MS = 500;
const SEAT = "hereabouts.seat";
const DRAFT = "hereabouts.draft";
const LEFT = "hereabouts.left";
const LINES = "hereabouts.lines";
const BOTTLES = "hereabouts.bottles";

const RELOAD_MS = 1500;

// What only a room needs comes while a place is being chosen, all of it at once: a slow line has long round trips.
const ROOM = ["room", "banner", "log", "menu", "people", "waiting"];
const roomComes = async () => (await Promise.all(ROOM.map((name) => import(`./${name}.js`))))[0];

const page = document.getElementById("page");
let about;
let state = FIRST;
let client = null;
let view = null;
let person = {};
let isDrawn = true;
let isRoomComing = false;

/** Tells whether an event changes what the next load of the page has to know. */
const isToKeep = ({ type, from }) => ["room", "entered", "held", "client.outgoing"].includes(type) || (type === "said" && from === client.me);

/** Takes an event of the client's, or of this page's own. */
function take(event) {
  const before = state;
  state = step(state, event, Date.now());
  if (state.bottles !== before.bottles) forTab.write(BOTTLES, state.bottles);
  if (event.type === "contact" || event.type === "answered") forTab.write(LINES, linesOf(state));
  if (event.type === "client.refused") showEnter(event);
  if (isToKeep(event)) keepSeat();
  if (view instanceof EnterView) view.tell(event);
  if (!before.room && state.room && view instanceof EnterView) void showRoom();
  if (document.hidden && event.type === "said") announce();
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(draw);
}

/** Keeps the seat, and who sits there where: another name, place or visit than one entered with, too. */
function keepSeat() {
  const { cell, name, visiting } = client;
  person = { ...person, cell, name, visiting };
  forTab.write(SEAT, { ...person, ...client.session });
}

function draw() {
  isDrawn = true;
  if (!isInRoom()) return;
  view.show(state);
  view.tick(Date.now());
}

function announce() {
  const unread = state.absence?.said ?? 0;
  document.title = unread ? `(${unread}) ${about.name}` : about.name;
}

// --- views ---

const isInRoom = () => view !== null && !(view instanceof EnterView);

function showEnter(refused = null) {
  const before = forTab.read(SEAT) ?? person;
  // Who is kept out stays who they are: asking again, or a reload, is answered with the same reason until the ban ends.
  if (refused?.code !== "banned") forTab.remove(SEAT);
  forTab.remove(LINES);
  forTab.remove(BOTTLES);
  client?.stop();
  client = null;
  state = FIRST;
  const wasInRoom = isInRoom();
  view = new EnterView({ about, before, onEnter: enter, onLanguage: changeLanguage });
  fill(page, view.element);
  if (wasInRoom) view.focus(); // what had the focus went with the room
  document.title = about.name;
  if (refused) view.refuse(refused);
  roomComes().catch(() => {}); // asked for again when it is needed
}

async function showRoom() {
  if (isRoomComing) return;
  isRoomComing = true;
  let room;
  try {
    room = await roomComes();
  } catch {
    // A page that is loaded anew has its seat, and asks for its scripts anew.
    setTimeout(() => location.reload(), RELOAD_MS);
    return;
  }
  isRoomComing = false;
  if (!client) return; // refused meanwhile
  view = new room.RoomView({ about, act, draft: forTab.get(DRAFT) ?? "", onDraft: (text) => forTab.set(DRAFT, text) });
  fill(page, view.element);
  draw();
  view.focus();
}

async function changeLanguage(language) {
  forGood.set("hereabouts.language", language);
  await speak(language);
  person = view.written;
  showEnter(view.barred);
  view.language.focus();
}

// --- acts ---

function enter(chosen) {
  person = chosen;
  const seat = forTab.read(SEAT);
  connect(seat?.token ? seat : null);
}

function connect(session) {
  client?.stop();
  client = new Client({ url: address(), ...person, session, onEvent: take });
  client.start();
}

function address() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** Returns what somebody chose, of a seat that was kept. */
const chosenIn = ({ cell, name, topics, visiting, far, terms }) => ({ cell, name, topics, visiting, far, terms });

/** Has a seat given up, at once or as soon as there is a connection, which may be after another load of the page. */
async function leave(leaver, seat) {
  forTab.write(LEFT, seat);
  await leaver.leave();
  if (forTab.read(LEFT)?.token === seat.token) forTab.remove(LEFT);
}

/** Does something by the client that may change what is kept of the seat. */
async function kept(act) {
  const by = client;
  const answer = await act(by);
  if (by === client) keepSeat();
  return answer;
}

const act = {
  say: (text) => client.say(text),
  request: (command, fields) => kept((by) => by.request(command, fields)),
  visit: (cell, visiting) => kept((by) => by.visit(cell, visiting)),
  tell: take,
  retryNow: () => client.retryNow(),
  away: () => client.away(),
  back: () => client.back(),
  goOnHere: () => client.start(),
  enterAnew: () => showEnter(),
  leave() {
    void leave(client, { ...person, token: client.token });
    client = null; // it goes on by itself until it is done
    forTab.remove(DRAFT);
    showEnter();
    view.left();
  },
  retry(item) {
    take({ type: "client.dropped", ref: item.ref });
    client.say(item.text);
  },
  drop: (item) => take({ type: "client.dropped", ref: item.ref }),
};

function sleepOrWake() {
  take({ type: document.hidden ? "client.hidden" : "client.visible" });
  if (document.hidden) {
    if (about.commands.includes("away")) client?.away();
  } else {
    client?.back();
    document.title = about.name;
  }
}

// --- the beginning ---

/** Returns the cell that a link names behind its `#`, as `cell=dr5ru6`: it only opens the map there, and is not sent. */
function linked() {
  const cell = cellOf(new URLSearchParams(location.hash.slice(1)).get("cell") ?? "", about.limits.finest_cell);
  return cell ? { cell } : {};
}

async function begin() {
  [, about] = await Promise.all([speak(wanted()), load("about").then((answer) => answer.json())]);
  person = linked();
  const seat = forTab.read(SEAT);
  const left = forTab.read(LEFT);
  document.addEventListener("visibilitychange", sleepOrWake);
  setInterval(() => isInRoom() && view.tick(Date.now()), TICK_MS);
  if (left) void leave(new Client({ url: address(), ...left, session: left, onEvent: () => {} }), left);
  if (!seat?.token) return showEnter();
  person = chosenIn(seat);
  take({ type: "client.lines", lines: forTab.read(LINES) ?? [], bottles: forTab.read(BOTTLES) });
  connect(seat);
  return showRoom();
}

begin().catch(() => {
  // The server went away between the page and its words; nothing here can be said in another language.
  const again = h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Try again");
  fill(page, h("main", { class: "broken" }, h("p", {}, "The server does not answer."), again));
});
