/*
 * What a client has said and the server has not confirmed: one message on its way at a time, so that order is kept.
 *
 * Knows messages {ref, room, me, text} and what became of each. Never knows a connection: it is told when it may send.
 */

const SLACK_MS = 20; // the server's count of a wait and ours may differ by a little
const TOO_SOON = ["rate_limited", "unavailable"]; // with `retry_after`: the other nodes of a server cannot be reached
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

  /** The messages, as `restore` takes them. */
  get messages() {
    return this.#queue.map(({ ref, room, me, text }) => ({ ref, room, me, text }));
  }

  /** Takes a message; it stays first in the queue until its echo comes. */
  add(message) {
    this.#queue.push({ ...message, waitsUntil: 0, isHidden: false });
    this.#tell(message, "queued");
    this.pump();
  }

  /** Takes what an earlier page had not got said; nothing is told of it before `reveal`. */
  restore(messages) {
    for (const message of messages) this.#queue.push({ ...message, waitsUntil: 0, isHidden: true });
  }

  /** Tells of what was restored and is not known to be said: it waits to be, or its seat is gone. */
  reveal(room, me) {
    const hidden = this.#queue.filter((message) => message.isHidden);
    for (const message of hidden) {
      message.isHidden = false;
      if (message.room === room && message.me === me) this.#tell(message, "queued");
    }
    this.keepOnly(room, me);
  }

  /** Sends the next one, if nothing is on its way. */
  pump() {
    const message = this.#queue[0];
    if (this.#inFlight || !message) return;
    // A clock on the wall may be set back while a message waits, and it would wait for that, too.
    const wait = message.waitsUntil - performance.now();
    if (wait > 0) {
      this.#wait(wait);
      return;
    }
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

  /** One was refused: what comes too soon is said again when it may be; anything else is for the person to decide. */
  refused(error) {
    const message = this.#queue.find(({ ref }) => ref === error.ref);
    if (!message) return;
    if (TOO_SOON.includes(error.code) && error.retry_after <= LONGEST_WAIT_S) {
      this.#inFlight = "";
      message.waitsUntil = performance.now() + error.retry_after * 1000 + SLACK_MS;
      this.#tell(message, "queued", { code: error.code });
      this.pump();
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

  /** Gives what was said before any seat to this one, and gives up what was meant for others. */
  keepOnly(room, me) {
    for (const message of this.#queue.filter((each) => !each.isHidden)) {
      if (!message.room) Object.assign(message, { room, me });
      if (message.room === room && message.me === me) continue;
      this.#take(message.ref);
      // The server knows a ref again only from the same member: said on a new seat it might be heard twice.
      this.#tell(message, "unsent", { code: message.room === room ? "seat_gone" : "wrong_room" });
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

  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), ms);
  }

  #take(ref) {
    const at = this.#queue.findIndex((message) => message.ref === ref);
    if (at < 0) return null;
    if (this.#inFlight === ref) this.#inFlight = "";
    return this.#queue.splice(at, 1)[0];
  }
}
