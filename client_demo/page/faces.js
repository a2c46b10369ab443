/*
 * Which face a member has, as numbers made from the member id, so that everybody sees the same; at one table no two
 * are the same, nor of one hue while there are others. Knows ids; never what a face looks like drawn.
 */

export const HUES = 12;
export const PATTERNS = ["dots", "stripes", "rings", "checks", "waves", "rays"];

const KINDS = HUES * PATTERNS.length;
const LEAP = 29; // visits every kind, and lands far from the colour and the pattern that are taken
const HUE_LEAP = 5; // visits every hue, and lands far from the one that is taken

/** Returns a number from a text, the same everywhere (FNV-1a, 32 bits). */
function hash(text) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

const made = (kind, id) => ({ hue: kind % HUES, pattern: Math.floor(kind / HUES), turn: hash(`${id}.`) % 8 });

const kindOf = (face) => face.pattern * HUES + face.hue;

/**
 * Returns the faces of everybody here, and of those who left: who has one keeps it, and whoever comes gets their own,
 * or the next that nobody here has. Of several who come at once the order of ids decides, as it does for others.
 */
export function faced(before, ids) {
  const faces = { ...before };
  const taken = new Set(ids.filter((id) => Object.hasOwn(faces, id)).map((id) => kindOf(faces[id])));
  for (const id of [...ids].sort()) {
    if (Object.hasOwn(faces, id)) continue;
    const kind = free(hash(id) % KINDS, taken);
    taken.add(kind);
    faces[id] = made(kind, id);
  }
  return faces;
}

/**
 * Returns a kind that nobody has: this one in the first hue from its own on that nobody has, for at this size colour is
 * what tells few people apart; where all hues are taken, the first kind that is not; where all kinds are, this one.
 */
function free(first, taken) {
  if (taken.size >= KINDS) return first;
  const hues = new Set([...taken].map((kind) => kind % HUES));
  if (hues.size >= HUES) return next(first, (kind) => !taken.has(kind), (kind) => (kind + LEAP) % KINDS);
  // The pattern stays: who came at another time, and sees another colour, sees the same pattern.
  return next(first, (kind) => !hues.has(kind % HUES), (kind) => kind - (kind % HUES) + ((kind + HUE_LEAP) % HUES));
}

/** Returns the first kind from here on that will do. */
function next(first, does, leap) {
  let kind = first;
  while (!does(kind)) kind = leap(kind);
  return kind;
}

/** Returns somebody's face; of those who sat at no table of this state, the one that their id alone gives. */
export const faceOf = ({ faces }, id = "") => (Object.hasOwn(faces, id) ? faces[id] : made(hash(id) % KINDS, id));
