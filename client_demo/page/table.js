/*
 * The round table: seats in a ring, and a rim that burns down to the end of the room.
 *
 * Shows a state of state.js; tells which member was chosen. Never knows the network.
 */

import { fill, h, icon, s, set } from "./dom.js";
import { faceOf } from "./faces.js";
import { listed, span, t } from "./i18n.js";
import { portrait } from "./seat.js";
import { localTime, timeLeft } from "./state.js";

const LIT_MS = 2600;
const RIM = 116;
const CIRCLE = 158;
const RIM_STEPS = Math.round(2 * Math.PI * RIM); // each about a pixel: the page is not drawn anew for less
const LEAP_STEPS = 3; // more are seen as a jump, and drawn as a movement
const TWO_CIRCLES = [183, 148];
const ONE_CIRCLE_MAX = 26; // more would be smaller in one circle than in two
const NAMED_MAX = 12; // more names would run under the seats of others
const SEAT_MAX = 56;
const BAG = "M4 8.5h16v11H4zM9 8.5V5h6v3.5"; // shown of who visits

export class Table {
  #seats = new Map();
  #onPerson;
  #count = 0;
  #room = "";
  #share = 0;

  constructor({ onPerson = () => {} } = {}) {
    this.#onPerson = onPerson;
    this.ember = s("circle", { class: "ember", cx: 200, cy: 200, r: RIM, pathLength: 1, transform: "rotate(-90 200 200)" });
    this.spark = s("circle", { class: "spark", cx: 200, cy: 200 - RIM, r: 5 });
    this.places = s("g", { class: "places" });
    this.left = h("strong", { class: "left" });
    this.note = h("span", { class: "left-note" });
    this.ring = h("ul", { class: "seats", "aria-label": t("table.people") });
    this.element = h(
      "div",
      { class: "table" },
      s(
        "svg",
        { class: "board", viewBox: "0 0 400 400", "aria-hidden": "true" },
        s("radialGradient", { id: "lamplight" }, s("stop", { offset: 0, class: "lit" }), s("stop", { offset: 1, class: "shaded" })),
        s("circle", { class: "glow", cx: 200, cy: 200, r: 196 }),
        this.places,
        s("circle", { class: "wood", cx: 200, cy: 200, r: RIM - 4, fill: "url(#lamplight)" }),
        s("circle", { class: "grain", cx: 200, cy: 200, r: 84 }),
        s("circle", { class: "grain", cx: 200, cy: 200, r: 52 }),
        s("circle", { class: "rim", cx: 200, cy: 200, r: RIM }),
        this.ember,
        this.spark,
      ),
      this.ring,
      h("p", { class: "centre" }, this.left, this.note),
    );
  }

  /** Shows an empty table of so many seats, as on the first page. */
  invite(count) {
    this.#lay(count);
    this.#burn(0.82);
  }

  /** Shows who sits where. */
  show(state) {
    const count = Math.max(state.limits.seats_max ?? 12, ...Object.values(state.seats).map((seat) => seat + 1));
    this.#lay(count);
    const focused = this.ring.contains(document.activeElement) ? document.activeElement : null;
    const at = [...this.ring.children].findIndex((seat) => seat.contains(focused));
    for (const [id, seat] of this.#seats) {
      if (!Object.hasOwn(state.seats, id)) {
        seat.element.remove();
        this.#seats.delete(id);
      }
    }
    for (const [id, number] of Object.entries(state.seats)) this.#place(state, id, number, count);
    this.#order(state);
    // Whoever went with the table's others leaves the focus to the room.
    if (focused && !focused.isConnected && this.#room === state.room.room) this.ring.children[Math.max(0, at - 1)]?.firstChild.focus();
    this.#room = state.room.room;
  }

  /** Lets time pass: the rim, the words in the middle, and who is lit. */
  tick(state, now) {
    const { seconds, share } = timeLeft(state, now);
    this.#burn(share);
    set(this.left, span(seconds));
    set(this.note, t(state.isClosing ? "table.closing" : state.waiting ? "table.gathers" : "table.left"));
    this.element.classList.toggle("is-closing", state.isClosing);
    for (const [id, { element }] of this.#seats) {
      element.classList.toggle("is-lit", state.lit?.id === id && now - state.lit.at < LIT_MS);
    }
    return localTime(state, state.room.closes);
  }

  #burn(part) {
    const share = Math.ceil(part * RIM_STEPS) / RIM_STEPS;
    if (share === this.#share) return;
    this.element.classList.toggle("is-leaping", Math.abs(share - this.#share) * RIM_STEPS > LEAP_STEPS);
    this.#share = share;
    this.ember.style.strokeDasharray = `${share} 1`;
    this.spark.style.transform = `rotate(${share * 360}deg)`;
    this.spark.classList.toggle("is-out", share <= 0);
  }

  #lay(count) {
    if (count === this.#count) return;
    this.#count = count;
    const all = Array.from({ length: count }, (_, seat) => position(seat, count));
    const size = Math.min(SEAT_MAX, 0.92 * nearest(all));
    this.element.style.setProperty("--seat", size / 400);
    this.element.classList.toggle("is-crowded", count > NAMED_MAX);
    fill(this.places, all.map(({ x, y }) => s("circle", { class: "place-free", cx: x, cy: y, r: 0.4 * size })));
  }

  #place(state, id, number, count) {
    const member = state.members[id];
    const known = this.#seats.get(id);
    const isMe = id === state.room.me;
    if (known?.member === member && known.number === number) return;
    const mine = isMe ? [] : (state.members[state.room.me]?.topics ?? []);
    const seat = known ?? this.#made(state, id);
    const label = described(member, isMe, mine);
    seat.button.setAttribute("aria-label", label);
    seat.button.title = label; // for whoever wonders what a mark means
    seat.name.textContent = isMe ? t("you") : member.name;
    const { x, y } = position(number, count);
    seat.element.style.setProperty("--x", x / 400);
    seat.element.style.setProperty("--y", y / 400);
    // Names stand outside the ring, where nobody sits.
    const side = Math.abs(x - 200) < SEAT_MAX ? (y < 200 ? "upper" : "lower") : x < 200 ? "left" : "right";
    for (const each of ["upper", "lower", "left", "right"]) seat.element.classList.toggle(`is-${each}`, each === side);
    seat.element.classList.toggle("is-me", isMe);
    seat.element.classList.toggle("is-away", Boolean(member.away));
    seat.element.classList.toggle("is-kindred", shared(member, mine).length > 0);
    seat.element.classList.toggle("is-visiting", Boolean(member.visiting));
    seat.element.classList.toggle("is-muted", Boolean(member.muted));
    this.#seats.set(id, { ...seat, member, number });
  }

  #made(state, id) {
    const name = h("span", { class: "seat-name", "aria-hidden": "true", dir: "auto" });
    const button = h("button", { type: "button", onclick: () => this.#onPerson(id) }, portrait(faceOf(state, id)), icon(BAG), name);
    return { element: h("li", { class: "seat", "data-id": id }, button), button, name };
  }

  /** Brings the seats into the order around the table; those that are right are left alone, for moving one takes its focus away. */
  #order(state) {
    const ids = Object.keys(state.seats).sort((one, other) => state.seats[one] - state.seats[other]);
    let next = this.ring.firstChild;
    for (const id of ids) {
      const { element } = this.#seats.get(id);
      if (element === next) next = next.nextSibling;
      else this.ring.insertBefore(element, next);
    }
  }
}

/** Returns what a screen reader says of somebody. */
const described = (member, isMe, mine) => [isMe ? t("person.you", { name: member.name }) : member.name, ...marks(member, mine)].join(", ");

/** Returns the topics that somebody has and the reader has, too. */
export const shared = (member, mine) => (member.topics ?? []).filter((topic) => mine.includes(topic));

/** Returns what is known of somebody besides the name; of the topics last those that the reader, who has `mine`, shares. */
export const marks = (member, mine = []) => [
  ...[member.verified ?? []].flat().map((claim) => t("person.verified", { claim: String(claim) })),
  ...["visiting", "away", "muted", "kept"].filter((mark) => member[mark]).map((mark) => t(`person.${mark}`)),
  ...(member.topics ?? []).filter((topic) => !mine.includes(topic)),
  // Last, so that nothing which is not shared seems to belong to it.
  ...(shared(member, mine).length ? [t("person.shared", { topics: listed(shared(member, mine)) })] : []),
];

/** Returns where a seat is on the board; one's own, 0, is nearest to the reader. Many sit in two circles, alternating. */
function position(seat, count) {
  const isOne = count <= ONE_CIRCLE_MAX;
  const angle = Math.PI / 2 + (seat / (isOne ? count : count + (count % 2))) * 2 * Math.PI;
  const circle = isOne ? CIRCLE : TWO_CIRCLES[seat % 2];
  return { x: 200 + circle * Math.cos(angle), y: 200 + circle * Math.sin(angle) };
}

/** Returns how near the first two of these places are to any other: a ring looks the same from everywhere. */
function nearest(places) {
  const from = ({ x, y }, others) => Math.min(...others.map((other) => Math.hypot(x - other.x, y - other.y)));
  return Math.min(...places.slice(0, 2).map((place, at) => from(place, places.toSpliced(at, 1))));
}
