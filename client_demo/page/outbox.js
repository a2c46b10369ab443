/*
 * What a client has said and the server has not confirmed: one message on its way at a time, so that order is kept.
 *
 * Knows messages {ref, room, me, text} and what became of each. Never knows a connection: it is told when it may send.
 */

const SLACK_MS = 20; // the server's count of a wait and ours may differ by a little
const LONGEST_WAIT_S = 60; // whoever may not speak for longer than this decides anew whether to say it

export class Outbox {
  #queue = [];
  #inFlight = "";
  #timer = 0;
  #send;
  #tell;

  /**
   * @param {(message: object) => boolean} options.send sends one and tells whether it could
   * @param {(message: object, state: string, more?: object) => void} options.tell says what became of one
   */
  constructor({ send, tell }) {
    this.#send = send;
    this.#tell = tell;
  }

  /** Takes a message; it stays first in the queue until its echo comes. */
  add(message) {
    this.#queue.push({ ...message, refusedAt: 0 });
    this.#tell(message, "queued");
    this.pump();
  }

  /** Sends the next one, if nothing is on its way. */
  pump() {
    const message = this.#queue[0];
    if (this.#inFlight || !message || message.refusedAt > Date.now()) return;
    if (!this.#send(message)) return;
    this.#inFlight = message.ref;
    this.#tell(message, "sent");
  }

  /** The connection is gone: what was on its way may have been lost, and will be said again with the same ref. */
  pause() {
    this.#inFlight = "";
    clearTimeout(this.#timer);
  }

  /** An echo of one's own came; tells whether it was waited for. */
  heard(ref) {
    if (!this.#take(ref)) return false;
    this.pump();
    return true;
  }

  /** One was refused: too fast is said again when it may be; anything else is for the person to decide. */
  refused(error) {
    const message = this.#queue.find(({ ref }) => ref === error.ref);
    if (!message) return;
    if (error.code === "rate_limited" && error.retry_after <= LONGEST_WAIT_S) {
      this.#inFlight = "";
      const wait = error.retry_after * 1000 + SLACK_MS;
      message.refusedAt = Date.now() + wait - SLACK_MS / 2;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.pump(), wait);
      this.#tell(message, "queued", { code: error.code });
      return;
    }
    this.#take(error.ref);
    this.#tell(message, "unsent", { code: error.code });
    this.pump();
  }

  /** One was not delivered, and the server says why and how to object. */
  held({ ref, reason, object }) {
    const message = this.#take(ref);
    if (!message) return;
    this.#tell(message, "unsent", { code: "held", reason, object });
    this.pump();
  }

  /** Gives up what was meant for other seats than this. */
  keepOnly(room, me) {
    for (const message of this.#queue.filter((each) => each.room !== room || each.me !== me)) {
      this.#take(message.ref);
      this.#tell(message, "unsent", { code: "wrong_room" });
    }
  }

  /** Gives everything up. */
  giveUp() {
    for (const message of this.#queue.splice(0)) this.#tell(message, "unsent", { code: "over" });
    this.pause();
  }

  /** Forgets everything without a word. */
  clear() {
    this.#queue = [];
    this.pause();
  }

  #take(ref) {
    const at = this.#queue.findIndex((message) => message.ref === ref);
    if (at < 0) return null;
    if (this.#inFlight === ref) this.#inFlight = "";
    return this.#queue.splice(at, 1)[0];
  }
}
