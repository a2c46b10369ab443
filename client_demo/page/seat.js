/*
 * What a face of faces.js looks like: a colour and a pattern.
 */

import { s } from "./dom.js";
import { HUES, PATTERNS } from "./faces.js";

let made = 0;

/** Returns the hue in degrees. */
export const hue = (face) => face.hue * (360 / HUES) + 15;

/** Returns a round picture of a member. */
export function portrait(face) {
  const clip = `round-${++made}`;
  const picture = s(
    "svg",
    { class: "portrait", viewBox: "0 0 40 40", "aria-hidden": "true" },
    s("clipPath", { id: clip }, s("circle", { cx: 20, cy: 20, r: 20 })),
    s("circle", { class: "portrait-ground", cx: 20, cy: 20, r: 20 }),
    s("g", { class: "portrait-pattern", "clip-path": `url(#${clip})` }, DRAWINGS[PATTERNS[face.pattern]](face.turn)),
  );
  picture.style.setProperty("--hue", hue(face));
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
