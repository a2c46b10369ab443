/*
 * What one person's page knows, as a pure function: a state and an event give the next state.
 *
 * Knows the events of the protocol and the local ones of client.js. Never knows the document, the network or a clock:
 * local time comes in with each event as `now` (Unix milliseconds). States are never changed, so that a view can tell
 * by identity what is new.
 */

import { bottled, NO_BOTTLES, wordsOf } from "./bottles.js";
import { faced } from "./faces.js";

export const ITEMS_MAX = 2000;

export const FIRST = Object.freeze({
  link: Object.freeze({ status: "idle", retryAt: null }),
  server: null,
  limits: {},
  privacy: null,
  room: null,
  members: {},
  seats: {},
  faces: {},
  waiting: null,
  isClosing: false,
  clock: null,
  items: [],
  lit: null,
  absence: null,
  hidden: false,
  returning: null,
  replayed: 0, // the key of a room of which what was said before is still coming
  refused: null,
  moved: null,
  hasVoted: false,
  isExtended: false,
  bottles: NO_BOTTLES,
  nextKey: 1,
});

/** Returns the state after an event. */
export function step(state, event, now) {
  return Object.hasOwn(ACTS, event.type) ? ACTS[event.type](state, event, now) : state;
}

/** Returns the local time (Unix milliseconds) of a time on the wire, where the server's clock may run faster. */
export function localTime(state, at) {
  const { clock, limits } = state;
  return clock ? clock.local + (at - clock.server) / (limits.time_scale || 1) : at;
}

/**
 * Returns the local time that one's seat counts down to: while it waits, when the neighbourhood gathers, else the room's end.
 * A room that began late ends a whole window after that gathering, and two clocks side by side tell nobody what comes.
 */
export function seatUntil(state, now) {
  const gathers = state.waiting && !state.isClosing ? localTime(state, state.waiting.next_at) : 0;
  return gathers > now ? gathers : localTime(state, state.room.closes);
}

/** Returns what is left until then: seconds, and the share from 1 to 0. */
export function timeLeft(state, now) {
  const ends = seatUntil(state, now);
  const began = localTime(state, state.room.opened);
  const left = Math.max(0, ends - now);
  return { seconds: left / 1000, share: Math.min(1, left / Math.max(1, ends - began)) };
}

/** Returns what the server tells once: where people can be reached who gave a line, and answers to bottles. */
export const linesOf = (state) =>
  state.items
    .filter(({ kind }) => kind === "contact" || kind === "answered")
    .map(({ kind, name, by, text, answer, to }) => ({ kind, name, by, text, answer, to }));

/** Tells whether a vote for more time may come to anything here: once a room, and in none that people shook for. */
export const mayExtend = ({ room, hasVoted, isExtended }) => room.kind !== "shake" && !hasVoted && !isExtended;

/**
 * Tells whether a room had been told its end before one came, or came back by a load of the page: `closing` does not come
 * again. Too few for company count down to the neighbourhood's gathering instead.
 */
function isEnding({ closing_s, window_s, seats_min }, { kind, closes, now, members }) {
  const isCompany = kind === "shake" || members.length >= seats_min;
  return isCompany && closes - now < Math.min(closing_s, window_s / 4) * 1000;
}

/** Returns how many sit here who are not away. */
export const company = (state) => Object.values(state.members).filter((member) => !member.away).length;

/** Returns the seats' numbers in the order in which they are taken: opposite each other, so that few look like a table. */
export function seatOrder(count) {
  const half = Math.floor(count / 2);
  const quarter = Math.floor(count / 4);
  const around = [0, half, quarter, count - quarter];
  for (let step = 1; step < count; step++) around.push(step, step + half, count - step, half - step + count);
  return [...new Set(around.map((seat) => seat % count))];
}

const ACTS = {
  entered(state, event) {
    const { server, limits, privacy } = event;
    return { ...state, server, limits, privacy, refused: null };
  },

  room(state, event, now) {
    const isOther = event.room !== state.room?.room || event.me !== state.room.me;
    const members = Object.fromEntries(event.members.map((member) => [member.id, member]));
    const next = {
      ...state,
      room: event,
      members,
      waiting: null,
      moved: isOther ? null : state.moved,
      returning: null,
      clock: { server: event.now, local: now },
      isClosing: isOther ? isEnding(state.limits, event) : state.isClosing,
      hasVoted: isOther ? false : state.hasVoted,
      isExtended: isOther ? false : state.isExtended,
      seats: seated(isOther ? {} : state.seats, members, event.me, state.limits.seats_max ?? 12),
      faces: faced(isOther ? only(members, state.faces) : state.faces, Object.keys(members)),
    };
    if (!isOther) return event.missed ? added(next, { kind: "missed", n: event.missed }) : next;
    const were = state.room ? Object.values(state.members).map((member) => member.name).sort() : [];
    const are = event.members.map((member) => member.name).sort();
    const isSame = were.length > 1 && were.join("\n") === are.join("\n");
    const past = state.items.filter((item) => !isUndecided(item)).map((item) => (item.isPast ? item : { ...item, isPast: true }));
    const mark = { kind: "room", at: event.now, isFirst: !state.room, isSame, gone: gone(state, event), room: event };
    const marked = added({ ...next, items: past }, mark);
    const items = [...marked.items, ...state.items.filter(isUndecided)];
    const replayed = !state.room && state.returning?.resumed ? state.nextKey : 0;
    return { ...marked, items, replayed, absence: state.hidden ? absenceFrom(next) : null };
  },

  waiting: (state, event) => ({ ...state, waiting: event }),

  joined(state, event) {
    const isKnown = Object.hasOwn(state.members, event.id);
    const members = isKnown ? state.members : { ...state.members, [event.id]: event.member };
    const room = { ...state.room, within_m: event.within_m ?? state.room.within_m };
    const seats = seated(state.seats, members, room.me, state.limits.seats_max ?? 12);
    const faces = faced(state.faces, Object.keys(members));
    return accompanied(folded({ ...state, members, seats, faces, room }, event.member, "joined"));
  },

  left(state, event) {
    const member = state.members[event.id];
    if (!member) return state;
    const { [event.id]: _, ...members } = state.members;
    const { [event.id]: __, ...seats } = state.seats;
    return folded({ ...state, members, seats }, member, "left");
  },

  changed(state, event) {
    const before = state.members[event.id];
    // The same bytes go to everybody, so they cannot say whom I have muted, or kept.
    const own = { ...(before?.muted && { muted: true }), ...(before?.kept && { kept: true }) };
    const member = { ...event.member, ...own };
    const next = accompanied({ ...state, members: { ...state.members, [event.id]: member } });
    if (!before || before.name === member.name) return next;
    return added(next, { kind: "renamed", was: before.name, name: member.name, isMine: event.id === state.room.me });
  },

  said(state, event, now) {
    const isMine = event.from === state.room.me;
    const { from, name, text, marks } = event;
    const item = { kind: "said", from, name, text, at: event.at, isMine, status: "said", rooms: marks?.rooms ?? 0 };
    const at = isMine && event.ref ? state.items.findIndex((each) => each.isMine && each.ref === event.ref) : -1;
    const items = at < 0 ? state.items : state.items.toSpliced(at, 1);
    const key = at < 0 ? {} : { key: state.items[at].key };
    const absence = state.absence && !isMine ? { ...state.absence, said: state.absence.said + 1 } : state.absence;
    return { ...added({ ...state, items }, { ...item, ref: event.ref, ...key }), absence, lit: { id: event.from, at: now } };
  },

  closing: (state, event) => added(closes({ ...state, isClosing: true }, event), { kind: "closing", closes: event.closes }),
  extended(state, event) {
    const next = closes({ ...state, isClosing: false, isExtended: true }, event);
    return added(next, { kind: "extended", closes: event.closes });
  },
  voted: (state, { about }) => (about === "extend" ? { ...state, hasVoted: true } : state),
  notice: (state, event) => added(state, { kind: "notice", text: event.text, level: event.level }),
  ejected: (state, event) => added(state, { ...event, kind: "ejected" }),
  auth_expiring: (state, event) => added(state, { kind: "expiring", in_s: event.in_s }),
  kept: (state, event) => together(state, event.who, true),
  unkept: (state, event) => together(state, event.who, false),

  // One's own message carries the news of it; without a `ref` it stands alone.
  held: (state, event) => (event.ref ? state : added(state, { ...event, kind: "held" })),

  // It may come again after a break.
  contact(state, { who, name: by = "", text }) {
    const isKnown = state.items.some((item) => item.kind === "contact" && item.by === by && item.text === text);
    if (!text || isKnown) return state;
    return added(state, { kind: "contact", name: state.members[who]?.name ?? by, by, text });
  },

  /** What others gave before this page was loaded; it stands first. */
  "client.lines": (state, { lines, bottles }) =>
    lines.reduce((next, line) => added(next, { kind: "contact", ...line }), { ...state, bottles: bottles ?? state.bottles }),

  bottle: withBottles,
  thrown_back: withBottles,
  "client.threw": withBottles,
  "client.sank": withBottles,

  // The answer to a bottle of mine, which may come again after a break; the answer to my `answer` has no text.
  answered(state, event) {
    const { text, bottle, answer = bottle } = event;
    if (!text) return withBottles(state, event);
    const isKnown = state.items.some((item) => item.kind === "answered" && item.answer === answer && item.text === text);
    return isKnown ? state : added(state, { kind: "answered", text, answer, to: wordsOf(state.bottles, bottle) });
  },

  moved: (state, event) => ({ ...state, moved: event }),
  muted: (state, event) => muted(state, event.who, true),
  unmuted: (state, event) => muted(state, event.who, false),

  "client.connecting": (state) =>
    state.room ? state : { ...state, link: { status: "connecting", retryAt: null } },

  "client.working": (state) =>
    state.room ? state : { ...state, link: { status: "working", retryAt: null } },

  "client.disconnected"(state, event) {
    const link = { ...event, status: event.retry_at === null ? "over" : "lost", retryAt: event.retry_at };
    return { ...state, link, absence: state.absence ?? (state.room && absenceFrom(state)) };
  },

  // Bottles are a former self's, whose answers do not come here.
  "client.reconnected": (state, event) => ({ ...state, returning: event, bottles: event.is_forgotten ? NO_BOTTLES : state.bottles }),

  "client.ready"(state) {
    const next = { ...state, link: { status: "live", retryAt: null } };
    return inItsTime(state.hidden ? next : returned(next));
  },

  "client.refused": (state, event) => ({ ...FIRST, refused: event }),
  "client.hidden": (state) => ({ ...state, hidden: true, absence: state.absence ?? (state.room && absenceFrom(state)) }),
  "client.visible": (state) => (state.link.status === "live" ? returned({ ...state, hidden: false }) : { ...state, hidden: false }),

  "client.outgoing"(state, event, now) {
    const at = state.items.findIndex((item) => item.isMine && item.ref === event.ref);
    const status = { queued: "waiting", sent: "sending", unsent: "unsent" }[event.state];
    const { code, reason, object } = event;
    if (at >= 0) return { ...state, items: state.items.with(at, { ...state.items[at], status, code, reason, object }) };
    const mine = state.members[state.room?.me];
    const serverNow = state.clock ? state.clock.server + (now - state.clock.local) * (state.limits.time_scale || 1) : now;
    const item = { kind: "said", from: state.room?.me, name: mine?.name ?? "", text: event.text, at: serverNow };
    return added(state, { ...item, isMine: true, ref: event.ref, status, code, reason, object });
  },

  // The person gave a message up, or says it anew.
  "client.dropped": (state, event) => ({ ...state, items: state.items.filter((item) => item.ref !== event.ref) }),
};

/** Tells whether a message of one's own still asks to be said: it comes along to the next table, or it is lost from sight. */
const isUndecided = (item) => item.kind === "said" && item.status !== "said" && item.code !== "held";

/** Tells whether somebody has talked at this table, or tried to. */
export const isTalk = (state) => state.items.some((item) => item.kind === "said" && !item.isPast);

/** Returns what became of the former seat while the connection was gone; why it did, the server may not know either. */
function gone(state, { now }) {
  const { returning, room } = state;
  if (!returning || returning.resumed) return null;
  if (returning.is_forgotten) return "forgotten";
  return room && now >= room.closes ? "ended" : "seat";
}

const closes = (state, event) => ({ ...state, room: { ...state.room, closes: event.closes } });

/** Waiting is over once enough sit here who are not away; the server says so again where it is not. */
const accompanied = (state) => (company(state) >= (state.limits.seats_min ?? 3) ? { ...state, waiting: null } : state);

function muted(state, id, isMuted) {
  const member = state.members[id];
  return member ? { ...state, members: { ...state.members, [id]: { ...member, muted: isMuted } } } : state;
}

/** Both have pressed keep, or one has let go. */
function together(state, id, kept) {
  const member = state.members[id];
  if (!member) return state;
  const next = { ...state, members: { ...state.members, [id]: { ...member, kept } } };
  return kept ? added(next, { kind: "kept", name: member.name }) : next;
}

function added(state, item) {
  const items = [...state.items, { key: state.nextKey, ...item }];
  return { ...state, items: items.length > ITEMS_MAX ? items.slice(-ITEMS_MAX) : items, nextKey: state.nextKey + 1 };
}

/** Puts who came and went in a row into one line. */
function folded(state, { name, visiting }, did) {
  const last = state.items.at(-1);
  const who = { name, visiting: Boolean(visiting) && did === "joined" };
  const isOneLine = last?.kind === "comings" && !last.isPast;
  // Those who came are named before those who went: who comes back would read as gone.
  const isBack = isOneLine && did === "joined" && last.left.some((gone) => gone.name === name);
  if (!isOneLine || isBack) return added(state, { kind: "comings", joined: [], left: [], [did]: [who] });
  return { ...state, items: state.items.with(-1, { ...last, [did]: [...last[did], who] }) };
}

function withBottles(state, event) {
  return { ...state, bottles: bottled(state.bottles, event) };
}

/** Returns what is known by id of those who are members. */
const only = (members, known) => Object.fromEntries(Object.entries(known).filter(([id]) => Object.hasOwn(members, id)));

/** Returns who sits where: those who sit stay, newcomers take the next free seat, oneself the nearest. */
function seated(before, members, me, count) {
  const seats = only(members, before);
  seats[me] = 0;
  const order = seatOrder(Math.max(count, Object.keys(members).length));
  for (const id of Object.keys(members)) {
    if (!Object.hasOwn(seats, id)) seats[id] = order.find((seat) => !Object.values(seats).includes(seat));
  }
  return seats;
}

/** Puts the room that one came back to by a load of the page behind what was said in it before: that comes after it. */
function inItsTime(state) {
  const at = state.items.findIndex((item) => item.key === state.replayed);
  if (at < 0) return state;
  const mark = state.items[at];
  const rest = state.items.toSpliced(at, 1);
  const later = rest.findIndex((item, index) => index >= at && (item.at > mark.at || isUndecided(item)));
  // Under a new key: by the old one a log that has shown it knows where what it shows begins.
  const moved = { ...mark, key: state.nextKey };
  return { ...state, items: rest.toSpliced(later < 0 ? rest.length : later, 0, moved), nextKey: state.nextKey + 1, replayed: 0 };
}

const absenceFrom = (state) => ({ after: state.items.at(-1)?.key ?? 0, said: 0 });

/** Puts the divider where the absence began, if anything was said in it. */
function returned(state) {
  const { absence, items } = state;
  if (!absence?.said) return { ...state, absence: null };
  const at = items.findIndex((item) => item.key === absence.after) + 1;
  const rest = items.filter((item) => item.kind !== "absence");
  const divider = { key: state.nextKey, kind: "absence", said: absence.said };
  return { ...state, absence: null, nextKey: state.nextKey + 1, items: rest.toSpliced(Math.min(at, rest.length), 0, divider) };
}
