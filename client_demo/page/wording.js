/*
 * The sentences for what the server says in codes: whys, errors, endings. Its own sentence where a code is unknown.
 */

import { firstWords } from "./bottles.js";
import { metres, moment, spoken, t, tOr, wait } from "./i18n.js";

/** Returns why one sits here, or why one waits. */
export function why({ why_code, why_args = {}, why: sentence }) {
  const args = { ...why_args, n: why_args.company ?? 0 };
  if ("distance_m" in args) args.distance = metres(args.distance_m);
  if ("within_m" in args) args.within = metres(args.within_m);
  return tOr(`why.${why_code}`, sentence ?? "", args);
}

// What the operator says to this person, in their own words: shown whole.
const OPERATORS = ["banned", "outside"];

/** Returns the operator's words, with the server's moments as the reader's clock has them. */
const operators = (code, words) =>
  OPERATORS.includes(code) && words?.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/g, (_, day, hour) => moment(Date.parse(`${day}T${hour}Z`)));

// What the server says of them names the topic or the limit that is wrong: there it says more than this page.
const EXACT = ["bad_text", "bad_topic"];
const exact = (code, message) => EXACT.includes(code) && spoken() === "en" && message;

// How often something may be done, in the server's limits.
const LIMITS = { throw: "throws_per_day", pick: "picks_per_day", answer: "answers_per_day", next: "next_per_h", move: "cells_per_h" };

/** Returns the sentence of a code for one command, where there is one of its own and its number is known. */
function ofCommand(code, command, limits) {
  const n = limits[LIMITS[command]];
  return code === "rate_limited" && !n ? "" : tOr(`error.${code}.${command}`, "", { n });
}

/** Returns why a command was refused, and when it may be tried again; a ban says until when. */
export function refusal(error, limits = {}) {
  const { code, message, retry_after, about = "" } = error;
  if (code === "held") return holding(error, about);
  // What is not to be had now is not what a server never does.
  if (code === "unavailable" && retry_after) return `${t("error.unreachable")} ${soon("error.again", retry_after)}`;
  const reason = operators(code, message) || exact(code, message) || ofCommand(code, about, limits) || tOr(`error.${code}`, message ?? code);
  return retry_after && code !== "banned" ? `${reason} ${soon("error.again", retry_after)}` : reason;
}

/** Returns that something is in so many seconds, under a minute by the second. */
export function soon(key, seconds) {
  const n = Math.ceil(seconds);
  return n < 60 ? t(key, { n }) : t(`${key}.in`, { left: wait(n) });
}

/** Returns why a connection broke or is over. */
export const ending = ({ code, why_code, reason }) => operators(why_code, reason) || tOr(`end.${why_code ?? code}`, reason ?? tOr(`end.${code}`, t("end.1006")));

/** Returns why something was not delivered, and how to object to that. Of bottles, what holds for everybody. */
export function holding({ reason, object }, command = "") {
  const why = tOr(`held.${reason}.${command}`, "") || tOr(`held.${reason}`, t("held.other"));
  return [why, object].filter(Boolean).join(" ");
}

/** Returns that an answer came, and to which of one's bottles, if that is known. */
export const answerTo = (words) => (words ? t("answered.to", { words: firstWords(words) }) : t("answered.from"));

/** Returns a sentence of the server's about what it keeps, in the reader's language where it is known. */
export const kept = (sentence) => tOr(`kept.${sentence}`, sentence);
