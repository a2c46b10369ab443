/*
 * The map: where one looks, and how one moves about there. Drag, pinch, wheel, keys; a tap picks a place.
 *
 * Knows degrees and pixels. Never knows what a place is wanted for, nor what the map looks like (drawing.js).
 */

import { bounds, centre } from "./geo.js";
import { h, icon } from "./dom.js";
import { Drawing, outlines, toLat, toLon, toX, toY } from "./drawing.js";
import { t } from "./i18n.js";

const SMALLEST = 1; // worlds' widths that fill the canvas at least
const LARGEST = 60_000;
const TAP_PX = 8;
const CELL_SHARE = 4.5; // how many cells across the map, where nothing else is known
const CELL_SHARE_MAX = 32; // smaller would be a dot
const NAMED_MIN = 4; // so many cities tell where on earth that is
const STEP = { "+": 1.6, "=": 1.6, "-": 1 / 1.6 };
const MOVE = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class PlaceMap {
  #canvas = h("canvas", { tabindex: "0", role: "application", "aria-label": t("map.label") });
  #buttons;
  #onPick;
  #onTouch;
  #rings = [];
  #cities = [];
  #cell = "";
  #reach_m = 0;
  #at = { x: 0.52, y: 0.36, zoom: 1 }; // the middle, and how many worlds' widths fill the canvas
  #pointers = new Map();
  #moved = 0;
  #frame = 0;
  #isLed = false; // whether the map stands where it was sent, and nobody has moved it since

  /**
   * @param {(place: {lat, lon}) => void} [options.onPick] called with the place tapped
   * @param {() => void} [options.onTouch] called when somebody begins to use the map
   */
  constructor({ onPick = null, onTouch = () => {} } = {}) {
    this.#onPick = onPick;
    this.#onTouch = onTouch;
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#pointers.delete(event.pointerId));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const turn of ["focus", "blur"]) canvas.addEventListener(turn, () => this.#draw());
    const button = (label, path, act) =>
      h("button", { type: "button", class: "map-button", "aria-label": t(label), title: t(label), onclick: act }, icon(path));
    this.#buttons = h(
      "div",
      { class: "map-buttons" },
      button("map.in", "M12 5v14M5 12h14", () => this.#zoom(2)),
      button("map.out", "M5 12h14", () => this.#zoom(1 / 2)),
      onPick && button("map.pick", "M12 3v5M12 16v5M3 12h5M16 12h5M12 11v2M11 12h2", () => this.#pick(this.#at.x, this.#at.y)),
    );
    this.element = h("div", { class: "map" }, canvas, this.#buttons);
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    const show = (rings) => {
      this.#rings = rings;
      this.#draw();
    };
    outlines().then(show, () => {}); // without outlines there are still the cities and the grid
  }

  /** Shows a cell, and a reach in metres around its middle; goes there if asked. */
  show({ cell, reach_m = 0, go = false }) {
    this.#cell = cell;
    this.#reach_m = reach_m;
    this.#isLed = Boolean(cell) && (go || this.#isLed);
    if (cell && go) this.#fit();
    this.#draw();
  }

  /** Shows these cities by name, as far as there is room. */
  name(cities) {
    if (cities === this.#cities) return;
    this.#cities = cities;
    if (this.#isLed) this.#fit();
    this.#draw();
  }

  /** Goes to the cell: as near as shows its reach, and a few cities beside it. */
  #fit() {
    const { lat, lon } = centre(this.#cell);
    const { west, east } = bounds(this.#cell);
    const [x, y] = [toX(lon), toY(lat)];
    const across = (east - west) / 360;
    const reach = (this.#reach_m * 2.6) / (40_075_000 * Math.cos((lat * Math.PI) / 180));
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const wide = (city) => 2.6 * Math.max(Math.abs(toX(city.lon) - x), (Math.abs(toY(city.lat) - y) * width) / (height || width || 1));
    const named = this.#cities.map(wide).sort((one, other) => one - other)[NAMED_MIN - 1] ?? 0;
    const most = Math.max(across * CELL_SHARE, reach, Math.min(named, across * CELL_SHARE_MAX));
    this.#at = { x, y, zoom: Math.min(LARGEST, 1 / most) };
  }

  // --- moving ---

  #down(event) {
    this.#onTouch();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (this.#pointers.size === 1) this.#moved = 0;
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.offsetX, y: event.offsetY };
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      this.#zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    const share = other ? 0.5 : 1;
    this.#pan(((before.x - now.x) * share) / this.#pixels, ((before.y - now.y) * share) / this.#pixels);
    this.#pointers.set(event.pointerId, now);
  }

  #up(event) {
    const wasAlone = this.#pointers.size === 1;
    this.#pointers.delete(event.pointerId);
    if (!wasAlone || this.#moved > TAP_PX || !this.#onPick) return;
    const { x, y } = this.#world(event.offsetX, event.offsetY);
    this.#pick(x, y);
  }

  #wheel(event) {
    event.preventDefault();
    this.#onTouch();
    this.#zoom(1.0016 ** -event.deltaY, event.offsetX, event.offsetY);
  }

  #key(event) {
    const [right, down] = MOVE[event.key] ?? [0, 0];
    if (event.key in MOVE) this.#pan((right * 0.15) / this.#at.zoom, (down * 0.15) / this.#at.zoom);
    else if (event.key in STEP) this.#zoom(STEP[event.key]);
    else if (event.key === "Enter" && this.#onPick) this.#pick(this.#at.x, this.#at.y);
    else return;
    this.#onTouch();
    event.preventDefault();
  }

  #pick(x, y) {
    this.#onPick({ lat: toLat(y), lon: toLon(x) });
  }

  #pan(dx, dy) {
    this.#isLed = false;
    this.#at.x = (this.#at.x + dx + 1) % 1;
    this.#at.y = Math.max(0, Math.min(1, this.#at.y + dy));
    this.#draw();
  }

  /** Zooms so that the place under this point stays under it. */
  #zoom(factor, px = this.#canvas.clientWidth / 2, py = this.#canvas.clientHeight / 2) {
    const before = this.#world(px, py);
    this.#at.zoom = Math.max(SMALLEST, Math.min(LARGEST, this.#at.zoom * factor));
    const after = this.#world(px, py);
    this.#pan(before.x - after.x, before.y - after.y);
  }

  get #pixels() {
    return this.#canvas.clientWidth * this.#at.zoom;
  }

  #world(px, py) {
    const { clientWidth, clientHeight } = this.#canvas;
    return { x: this.#at.x + (px - clientWidth / 2) / this.#pixels, y: this.#at.y + (py - clientHeight / 2) / this.#pixels };
  }

  // --- drawing ---

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    const canvas = this.#canvas;
    if (!canvas.clientWidth) return;
    const drawing = new Drawing(canvas, this.#at);
    drawing.land(this.#rings);
    if (this.#cell) drawing.grid(this.#cell);
    drawing.scale();
    if (this.#cell) drawing.cell(this.#cell, this.#reach_m);
    drawing.cities(this.#cities, this.#cell, this.#buttons);
    if (this.#onPick && canvas.matches(":focus-visible")) drawing.middle();
  }
}
