/*
 * What the map looks like: land, a grid, a scale, a cell and a reach around it, cities by name.
 *
 * Knows degrees, pixels and a pen. Never knows how one moves about on it, nor what a place is wanted for.
 */

import { bounds, centre } from "./geo.js";
import { metres } from "./i18n.js";
import { load } from "./load.js";

const LABELS_MAX = 24;
const COARSE_FROM = 40; // as close as outlines to a tenth of a degree look right
const CELL_PX = 12;
const GAP_PX = 6;
const SCALE_PX = 90;
const AIM = [[-1, 0], [1, 0], [0, -1], [0, 1]];

// Web Mercator, the world from 0 to 1 either way.
export const toX = (lon) => (lon + 180) / 360;
export const toY = (lat) => 0.5 - Math.asinh(Math.tan((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180)) / (2 * Math.PI);
export const toLon = (x) => ((((x % 1) + 1) % 1) * 360) - 180;
export const toLat = (y) => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;

let land = null;

/** Returns the outlines as flat lists of world coordinates. */
export function outlines() {
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

/** One picture of it, drawn from the bottom up. */
export class Drawing {
  #pen;
  #width;
  #height;
  #at;
  #pixels;
  #style;

  /** @param {{x, y, zoom}} at the middle, and how many worlds' widths fill the canvas, which is wiped */
  constructor(canvas, at) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    this.#pen = canvas.getContext("2d");
    this.#pen.scale(ratio, ratio);
    this.#style = getComputedStyle(canvas);
    this.#at = at;
    this.#pixels = width * at.zoom;
    this.#width = width;
    this.#height = height;
  }

  /** Draws outlines, as `outlines` returns them. */
  land(rings) {
    const [pen, width, height] = [this.#pen, this.#width, this.#height];
    pen.fillStyle = this.#colour("--sea");
    pen.fillRect(0, 0, width, height);
    pen.beginPath();
    for (const turn of [-1, 0, 1]) {
      const left = width / 2 + (turn - this.#at.x) * this.#pixels;
      if (left > width || left + this.#pixels < 0) continue;
      const top = height / 2 - this.#at.y * this.#pixels;
      for (const points of rings) {
        for (let at = 0; at < points.length; at += 2) {
          pen[at ? "lineTo" : "moveTo"](left + points[at] * this.#pixels, top + points[at + 1] * this.#pixels);
        }
        pen.closePath();
      }
    }
    pen.fillStyle = this.#colour("--land");
    pen.fill("evenodd");
    pen.strokeStyle = this.#colour("--coast");
    pen.lineWidth = 0.75;
    pen.stroke();
    // Closer than the outlines are true, they would put half a port's people into the sea.
    pen.globalAlpha = Math.max(0, Math.min(1, Math.log2(this.#at.zoom / COARSE_FROM) / 2));
    pen.fillRect(0, 0, width, height);
    pen.globalAlpha = 1;
  }

  /** Draws the cells around this one, once they are big enough to be told apart. */
  grid(cell) {
    const [pen, width, height] = [this.#pen, this.#width, this.#height];
    const { south, north, west, east } = bounds(cell);
    const [left, top] = this.#screen(toX(west), toY(north));
    const across = ((east - west) / 360) * this.#pixels;
    const down = (toY(south) - toY(north)) * this.#pixels;
    if (down < CELL_PX) return;
    pen.strokeStyle = this.#colour("--coast");
    pen.lineWidth = 0.5;
    pen.beginPath();
    for (let x = ((left % across) + across) % across; x < width; x += across) pen.rect(x, -1, 0, height + 2);
    for (let y = ((top % down) + down) % down; y < height; y += down) pen.rect(-1, y, width + 2, 0);
    pen.stroke();
  }

  scale() {
    const [pen, height] = [this.#pen, this.#height];
    const metre = this.#pixels / (40_075_017 * Math.cos((toLat(this.#at.y) * Math.PI) / 180));
    const most = SCALE_PX / metre;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].find((digit) => digit * power <= most) * power;
    pen.fillStyle = pen.strokeStyle = this.#colour("--soft");
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(12, height - 16);
    pen.lineTo(12, height - 12);
    pen.lineTo(12 + length * metre, height - 12);
    pen.lineTo(12 + length * metre, height - 16);
    pen.stroke();
    pen.font = `11px ${this.#family}`;
    pen.textBaseline = "bottom";
    pen.textAlign = "left";
    pen.fillText(metres(length), 12, height - 18);
  }

  /** Draws a cell, and a reach in metres around its middle. */
  cell(cell, reach_m) {
    const pen = this.#pen;
    const { south, north, west, east } = bounds(cell);
    const [left, top] = this.#screen(toX(west), toY(north));
    const cellWidth = ((east - west) / 360) * this.#pixels;
    const cellHeight = (toY(south) - toY(north)) * this.#pixels;
    const { lat, lon } = centre(cell);
    const [x, y] = this.#screen(toX(lon), toY(lat));
    pen.strokeStyle = pen.fillStyle = this.#colour("--accent");
    if (reach_m) {
      pen.beginPath();
      pen.arc(x, y, (reach_m / (40_075_017 * Math.cos((lat * Math.PI) / 180))) * this.#pixels, 0, 2 * Math.PI);
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

  /** Writes the names of the biggest cities, none over another, the buttons or the scale; beside the cell, if they can be. */
  cities(cities, cell, { offsetLeft, offsetTop }) {
    const [pen, width, height] = [this.#pen, this.#width, this.#height];
    const taken = [[offsetLeft - GAP_PX, offsetTop - GAP_PX, width, height], [0, height - 38, SCALE_PX + 20, height]];
    const meets = (box) => (other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
    const isFree = (box) => box[0] >= 0 && box[2] <= width && !taken.some(meets(box));
    const own = cell ? [this.#box(cell)] : []; // a name beside it leaves it whole, if it can
    let named = 0;
    pen.font = `12px ${this.#family}`;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.lineJoin = "round";
    for (const city of cities) {
      const [x, y] = this.#screen(toX(city.lon), toY(city.lat));
      if (x < 0 || y < 8 || x > width || y > height - 8) continue;
      const length = pen.measureText(city.name).width;
      const boxes = [[x, x + 7 + length], [x - 7 - length, x]]
        .map(([from, to]) => [from - GAP_PX, y - 9, to + GAP_PX, y + 9])
        .filter(isFree);
      const box = boxes.find((each) => !own.some(meets(each))) ?? boxes[0];
      if (!box) continue;
      taken.push(box);
      const at = box[0] + GAP_PX < x ? x - 7 - length : x + 7;
      pen.fillStyle = this.#colour("--ink");
      pen.beginPath();
      pen.arc(x, y, 2.2, 0, 2 * Math.PI);
      pen.fill();
      pen.lineWidth = 3;
      pen.strokeStyle = this.#colour("--land");
      pen.strokeText(city.name, at, y);
      pen.fillText(city.name, at, y);
      if (++named >= LABELS_MAX) return;
    }
  }

  /** Draws where Enter would choose, for those who use the keys. */
  middle() {
    const pen = this.#pen;
    const [x, y] = [this.#width / 2, this.#height / 2];
    pen.strokeStyle = this.#colour("--ink");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [right, down] of AIM) {
      pen.moveTo(x + 4 * right, y + 4 * down);
      pen.lineTo(x + 12 * right, y + 12 * down);
    }
    pen.stroke();
  }

  get #family() {
    return this.#style.fontFamily;
  }

  #colour(name) {
    return this.#style.getPropertyValue(name);
  }

  #screen(x, y) {
    const across = x - this.#at.x;
    const near = across - Math.round(across); // the nearer way around the globe
    return [this.#width / 2 + near * this.#pixels, this.#height / 2 + (y - this.#at.y) * this.#pixels];
  }

  #box(cell) {
    const { south, north, west, east } = bounds(cell);
    return [...this.#screen(toX(west), toY(north)), ...this.#screen(toX(east), toY(south))];
  }
}
