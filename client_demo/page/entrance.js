/*
 * How one comes in: what `enter` asks for, and what of it is given up, step by step, where the server refuses it.
 *
 * Knows who one is to the server: the place and name chosen, the token, a claim to visit another place, what an application
 * vouches for. Never knows a connection, nor where one sits: whoever has it says so, and what follows where nothing is left
 * to give up. (The form in which a person chooses is enter.js.)
 */

import { solved } from "./work.js";

const CLAIM_REFUSED = ["too_fast", "rate_limited", "outside", "bad_cell", "too_precise"];

export class Entrance {
  #keep = true; // whether to ask for the former seat
  #isForgotten = false; // whether the server took the token for none of its own
  #claim = null; // a claim to visit that is not answered yet: {was, resolve, reject}
  #tellsVisiting = false; // whether `visiting` was changed here, so that a false has to be told, too
  #owner;

  /**
   * @param {object} person {cell, name, topics, far, visiting, terms, auth}, as a Client gets them, and `token`
   * @param {object} owner what is asked of whom has it:
   *   connection(), something that is another after each break; seat(), what to resume, if anything; isLeaving(), whether
   *   one comes in to be forgotten; ask(command, refused); working(bits), while work is done; gone(), where the server knows
   *   nobody to forget; refused(error), where nothing is left to give up, and barred(error), where the work cannot be done
   */
  constructor(person, owner) {
    Object.assign(this, person);
    this.#owner = owner;
  }

  /** Asks to be let in, unless the connection broke before there was what to ask with. */
  async enter(work = "") {
    const here = this.#owner.connection();
    const auth = await this.vouched();
    if (here !== this.#owner.connection()) return;
    const command = { type: "enter", cell: this.cell };
    if (this.name) command.name = this.name;
    if (this.topics.length) command.topics = this.topics;
    if (this.visiting || this.#tellsVisiting) command.visiting = this.visiting;
    if (this.far) command.far = true;
    if (this.terms) command.terms = this.terms;
    if (auth) command.auth = auth;
    if (work) command.work = work;
    if (this.token) command.token = this.token;
    const seat = this.token && this.#keep && this.#owner.seat();
    if (seat) command.resume = seat;
    this.#owner.ask(command, (error) => error.code !== "not_connected" && this.#refused(error));
  }

  /** Returns a JWT, or none where there is none to be had: the server says what that means. */
  async vouched() {
    try {
      return this.auth ? await this.auth() : "";
    } catch {
      return "";
    }
  }

  /** Comes in from now on as somebody who visits this place, or does not; resolves or rejects as `Client.visit` does. */
  claim(cell, visiting) {
    return new Promise((resolve, reject) => {
      this.#claim = { was: { cell: this.cell, visiting: this.visiting }, resolve, reject };
      Object.assign(this, { cell, visiting });
      this.#tellsVisiting = true;
    });
  }

  /** Remembers what one is called and where one is now, for the next `enter`: it would take that back. */
  adopt(type, { cell, name }) {
    if (type === "move") this.cell = cell;
    if (type === "rename") this.name = name;
  }

  /** One was let in; tells whether as somebody new, whom the server took for nobody it knew. */
  entered({ you, privacy }) {
    const isForgotten = this.#isForgotten;
    this.token = you.token;
    // The seat is given back where the place is not taken.
    if (this.#claim && privacy.cell !== this.cell) this.cell = this.#claim.was.cell;
    this.#keep = true;
    this.#isForgotten = false;
    return isForgotten;
  }

  /** One is there: a claim is answered. */
  arrived() {
    this.#claim?.resolve();
    this.#claim = null;
  }

  /** Nothing more is tried. */
  giveUp() {
    this.#claim?.reject({ type: "error", code: "not_connected", about: "enter" });
    this.#claim = null;
  }

  /** What is not given back is given up step by step: the claim to visit, the replay, then the identity. */
  #refused(error) {
    if (CLAIM_REFUSED.includes(error.code) && this.#claim) {
      const { was, reject } = this.#claim;
      this.#claim = null;
      Object.assign(this, was);
      this.enter();
      reject(error);
    } else if (error.code === "bad_token" && this.#owner.isLeaving()) {
      this.#owner.gone();
    } else if (error.code === "bad_message" && this.token && this.#keep) {
      this.#keep = false;
      this.enter();
    } else if (error.code === "bad_token" && this.token) {
      this.token = "";
      this.#isForgotten = true;
      this.enter();
    } else if (error.code === "work_needed") {
      this.#work(error);
    } else {
      this.#owner.refused(error);
    }
  }

  /** Does the work and enters with it, if that is still the same connection. */
  async #work(error) {
    const here = this.#owner.connection();
    this.#owner.working(error.bits);
    try {
      const work = await solved(error);
      if (here === this.#owner.connection()) this.enter(work);
    } catch {
      if (here === this.#owner.connection()) this.#owner.barred(error);
    }
  }
}
