/*
 * The map: land outlines, cities, the own cell, a reach around it. Drag, pinch, wheel, keys; a tap picks a place.
 *
 * Knows degrees and pixels. Never knows what a place is wanted for, and asks no server but the page's own for outlines.
 */

import { bounds, centre } from "./geo.js";
import { h, icon } from "./dom.js";
import { metres, t } from "./i18n.js";
import { load } from "./load.js";

const SMALLEST = 1; // worlds' widths that fill the canvas at least
const LARGEST = 60_000;
const TAP_PX = 8;
const LABELS_MAX = 24;
const COARSE_FROM = 40; // as close as outlines to a tenth of a degree look right
const CELL_PX = 12;
const CELL_SHARE = 4.5; // how many cells across the map, where nothing else is known
const CELL_SHARE_MAX = 32; // smaller would be a dot
const NAMED_MIN = 4; // so many cities tell where on earth that is
const GAP_PX = 6;
const SCALE_PX = 90;
const STEP = { "+": 1.6, "=": 1.6, "-": 1 / 1.6 };
const MOVE = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Web Mercator, the world from 0 to 1 either way.
const toX = (lon) => (lon + 180) / 360;
const toY = (lat) => 0.5 - Math.asinh(Math.tan((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180)) / (2 * Math.PI);
const toLon = (x) => ((((x % 1) + 1) % 1) * 360) - 180;
const toLat = (y) => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;

let land = null;

/** Returns the outlines as flat lists of world coordinates. */
function outlines() {
  land ??= load("land.json")
    .then((answer) => answer.json())
    .then(({ per_degree, rings }) => rings.map((steps) => ring(steps, per_degree)));
  return land;
}

function ring(steps, perDegree) {
  const points = new Float32Array(steps.length);
  let [lon, lat] = [0, 0];
  for (let at = 0; at < steps.length; at += 2) {
    lon += steps[at];
    lat += steps[at + 1];
    points[at] = toX(lon / perDegree);
    points[at + 1] = toY(lat / perDegree);
  }
  return points;
}

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
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const ratio = globalThis.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name);
    this.#paintLand(pen, width, height, colour);
    this.#paintGrid(pen, width, height, colour);
    this.#paintScale(pen, height, colour, style.fontFamily);
    this.#paintCell(pen, width, height, colour);
    this.#paintCities(pen, width, height, colour, style.fontFamily);
    if (this.#onPick && canvas.matches(":focus-visible")) this.#paintMiddle(pen, width / 2, height / 2, colour);
  }

  /** Draws where Enter would choose, for those who use the keys. */
  #paintMiddle(pen, x, y, colour) {
    pen.strokeStyle = colour("--ink");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [right, down] of Object.values(MOVE)) {
      pen.moveTo(x + 4 * right, y + 4 * down);
      pen.lineTo(x + 12 * right, y + 12 * down);
    }
    pen.stroke();
  }

  #screen(x, y, width, height) {
    const across = x - this.#at.x;
    const near = across - Math.round(across); // the nearer way around the globe
    return [width / 2 + near * this.#pixels, height / 2 + (y - this.#at.y) * this.#pixels];
  }

  #paintLand(pen, width, height, colour) {
    pen.fillStyle = colour("--sea");
    pen.fillRect(0, 0, width, height);
    pen.beginPath();
    for (const turn of [-1, 0, 1]) {
      const left = width / 2 + (turn - this.#at.x) * this.#pixels;
      if (left > width || left + this.#pixels < 0) continue;
      const top = height / 2 - this.#at.y * this.#pixels;
      for (const points of this.#rings) {
        for (let at = 0; at < points.length; at += 2) {
          pen[at ? "lineTo" : "moveTo"](left + points[at] * this.#pixels, top + points[at + 1] * this.#pixels);
        }
        pen.closePath();
      }
    }
    pen.fillStyle = colour("--land");
    pen.fill("evenodd");
    pen.strokeStyle = colour("--coast");
    pen.lineWidth = 0.75;
    pen.stroke();
    // Closer than the outlines are true, they would put half a port's people into the sea.
    pen.globalAlpha = Math.max(0, Math.min(1, Math.log2(this.#at.zoom / COARSE_FROM) / 2));
    pen.fillRect(0, 0, width, height);
    pen.globalAlpha = 1;
  }

  /** Draws the cells around one's own, once they are big enough to be told apart. */
  #paintGrid(pen, width, height, colour) {
    if (!this.#cell) return;
    const { south, north, west, east } = bounds(this.#cell);
    const [left, top] = this.#screen(toX(west), toY(north), width, height);
    const across = ((east - west) / 360) * this.#pixels;
    const down = (toY(south) - toY(north)) * this.#pixels;
    if (down < CELL_PX) return;
    pen.strokeStyle = colour("--coast");
    pen.lineWidth = 0.5;
    pen.beginPath();
    for (let x = ((left % across) + across) % across; x < width; x += across) pen.rect(x, -1, 0, height + 2);
    for (let y = ((top % down) + down) % down; y < height; y += down) pen.rect(-1, y, width + 2, 0);
    pen.stroke();
  }

  #paintScale(pen, height, colour, family) {
    const metre = this.#pixels / (40_075_017 * Math.cos((toLat(this.#at.y) * Math.PI) / 180));
    const most = SCALE_PX / metre;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].find((digit) => digit * power <= most) * power;
    pen.fillStyle = pen.strokeStyle = colour("--soft");
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(12, height - 16);
    pen.lineTo(12, height - 12);
    pen.lineTo(12 + length * metre, height - 12);
    pen.lineTo(12 + length * metre, height - 16);
    pen.stroke();
    pen.font = `11px ${family}`;
    pen.textBaseline = "bottom";
    pen.textAlign = "left";
    pen.fillText(metres(length), 12, height - 18);
  }

  #paintCell(pen, width, height, colour) {
    if (!this.#cell) return;
    const { south, north, west, east } = bounds(this.#cell);
    const [left, top] = this.#screen(toX(west), toY(north), width, height);
    const cellWidth = ((east - west) / 360) * this.#pixels;
    const cellHeight = (toY(south) - toY(north)) * this.#pixels;
    const { lat, lon } = centre(this.#cell);
    const [x, y] = this.#screen(toX(lon), toY(lat), width, height);
    pen.strokeStyle = pen.fillStyle = colour("--accent");
    if (this.#reach_m) {
      pen.beginPath();
      pen.arc(x, y, (this.#reach_m / (40_075_017 * Math.cos((lat * Math.PI) / 180))) * this.#pixels, 0, 2 * Math.PI);
      pen.globalAlpha = 0.12;
      pen.fill();
      pen.globalAlpha = 0.7;
      pen.lineWidth = 1.5;
      pen.setLineDash([5, 5]);
      pen.stroke();
      pen.setLineDash([]);
    }
    if (cellWidth < 10) {
      pen.globalAlpha = 1;
      pen.beginPath();
      pen.arc(x, y, 5, 0, 2 * Math.PI);
      pen.fill();
      pen.globalAlpha = 0.35;
      pen.beginPath();
      pen.arc(x, y, 11, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.globalAlpha = 0.3;
    pen.fillRect(left, top, cellWidth, cellHeight);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeRect(left, top, cellWidth, cellHeight);
  }

  #cellBox(width, height) {
    const { south, north, west, east } = bounds(this.#cell);
    return [...this.#screen(toX(west), toY(north), width, height), ...this.#screen(toX(east), toY(south), width, height)];
  }

  /** Writes the names of the biggest cities, none over another, the buttons or the scale. */
  #paintCities(pen, width, height, colour, family) {
    const { offsetLeft, offsetTop } = this.#buttons;
    const taken = [[offsetLeft - GAP_PX, offsetTop - GAP_PX, width, height], [0, height - 38, SCALE_PX + 20, height]];
    const meets = (box) => (other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
    const isFree = (box) => box[0] >= 0 && box[2] <= width && !taken.some(meets(box));
    const own = this.#cell ? [this.#cellBox(width, height)] : []; // a name beside it leaves it whole, if it can
    let named = 0;
    pen.font = `12px ${family}`;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.lineJoin = "round";
    for (const city of this.#cities) {
      const [x, y] = this.#screen(toX(city.lon), toY(city.lat), width, height);
      if (x < 0 || y < 8 || x > width || y > height - 8) continue;
      const length = pen.measureText(city.name).width;
      const boxes = [[x, x + 7 + length], [x - 7 - length, x]]
        .map(([from, to]) => [from - GAP_PX, y - 9, to + GAP_PX, y + 9])
        .filter(isFree);
      const box = boxes.find((each) => !own.some(meets(each))) ?? boxes[0];
      if (!box) continue;
      taken.push(box);
      const at = box[0] + GAP_PX < x ? x - 7 - length : x + 7;
      pen.fillStyle = colour("--ink");
      pen.beginPath();
      pen.arc(x, y, 2.2, 0, 2 * Math.PI);
      pen.fill();
      pen.lineWidth = 3;
      pen.strokeStyle = colour("--land");
      pen.strokeText(city.name, at, y);
      pen.fillText(city.name, at, y);
      if (++named >= LABELS_MAX) return;
    }
  }
}
