/*
 * The bottles of one person's, as a pure function: which they threw, for an answer names one by its id alone, and which
 * they hold, picked and neither answered nor thrown back.
 *
 * Knows events of the protocol and local ones. Never knows the document, the network or where this is kept.
 */

const THROWN_MAX = 20; // an answer may come a week later, and three are thrown a day
const IN_HAND_MAX = 5; // as many as a menu has room for
const WORDS_MAX = 40; // enough to know one's own words by

export const NO_BOTTLES = Object.freeze({ thrown: [], inHand: [] });

/** Returns the bottles after an event; the same ones if it does not concern them. */
export function bottled(bottles, event) {
  const { thrown, inHand } = bottles;
  const { type, bottle, text } = event;
  if (type === "client.threw") return { ...bottles, thrown: [...thrown, { bottle, text }].slice(-THROWN_MAX) };
  if (type === "bottle") return { ...bottles, inHand: [...without(inHand, bottle), picked(event)].slice(-IN_HAND_MAX) };
  const isOut = type === "thrown_back" || type === "client.sank" || (type === "answered" && !text);
  return isOut ? { ...bottles, inHand: without(inHand, bottle) } : bottles;
}

/** Returns the words of a bottle that one threw; none of one thrown before this page was kept. */
export const wordsOf = ({ thrown }, bottle) => thrown.find((each) => each.bottle === bottle)?.text ?? "";

/** Returns the first words of a text. */
export function firstWords(text) {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  return characters.length > WORDS_MAX ? `${characters.slice(0, WORDS_MAX - 1).join("").trimEnd()}…` : characters.join("");
}

const picked = ({ bottle, text, within_m }) => ({ bottle, text, within_m });
const without = (bottles, id) => bottles.filter(({ bottle }) => bottle !== id);
