/*
 * What somebody looks like: a colour and a pattern made from the member id, so that everybody sees the same.
 */

import { s } from "./dom.js";

const HUES = 12;
const PATTERNS = ["dots", "stripes", "rings", "checks", "waves", "rays"];
let made = 0;

/** Returns a number from a text, the same everywhere (FNV-1a, 32 bits). */
function hash(text) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** Returns the hue in degrees. */
export const hue = (id) => (hash(id) % HUES) * (360 / HUES) + 15;

/** Returns a round picture of a member. */
export function portrait(id) {
  const pattern = PATTERNS[Math.floor(hash(id) / HUES) % PATTERNS.length];
  const clip = `round-${++made}`;
  const picture = s(
    "svg",
    { class: "portrait", viewBox: "0 0 40 40", "aria-hidden": "true" },
    s("clipPath", { id: clip }, s("circle", { cx: 20, cy: 20, r: 20 })),
    s("circle", { class: "portrait-ground", cx: 20, cy: 20, r: 20 }),
    s("g", { class: "portrait-pattern", "clip-path": `url(#${clip})` }, DRAWINGS[pattern](hash(`${id}.`))),
  );
  picture.style.setProperty("--hue", hue(id));
  return picture;
}

const every = (from, to, by) => Array.from({ length: Math.ceil((to - from) / by) }, (_, n) => from + n * by);
const turned = (seed, ...shapes) => s("g", { transform: `rotate(${(seed % 8) * 45} 20 20)` }, shapes);

const DRAWINGS = {
  dots: (seed) =>
    turned(seed, every(4, 40, 8).flatMap((y, row) => every(row % 2 ? 0 : 4, 42, 8).map((x) => s("circle", { cx: x, cy: y, r: 2.1 })))),
  stripes: (seed) => turned(seed, every(-2, 44, 8).map((x) => s("rect", { x, y: -10, width: 3.6, height: 60 }))),
  rings: (seed) =>
    turned(seed, every(4, 34, 7).map((r) => s("circle", { cx: 9, cy: 12, r, fill: "none", "stroke-width": 2.6 }))),
  checks: (seed) =>
    turned(seed, every(0, 40, 8).flatMap((y, row) => every(row % 2 ? 0 : 8, 40, 16).map((x) => s("rect", { x, y, width: 8, height: 8 })))),
  waves: (seed) =>
    turned(seed, every(-2, 46, 8).map((y) => s("path", { d: `M-4 ${y}q6-6 12 0t12 0t12 0t12 0`, fill: "none", "stroke-width": 2.4 }))),
  rays: (seed) =>
    turned(seed, every(0, 360, 30).map((angle) => s("path", { d: "M20 20L17.6 -8H22.4Z", transform: `rotate(${angle} 20 20)` }))),
};
