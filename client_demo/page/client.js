/*
 * One person's side of the Hereabouts protocol (docs/PROTOCOL.md, version 1) for browsers. Usable alone, in any page,
 * with connection.js, entrance.js, outbox.js, resume.js, unanswered.js and work.js beside it (docs/EMBED.md):
 *
 *     import { Client } from "./client.js";
 *
 *     const client = new Client({
 *       url: "wss://chat.example/ws",
 *       cell: "dr5ru",                     // geohash; all that the server learns of the place
 *       name: "Ada",                       // or none: each room gives one
 *       onEvent: (event) => console.log(event),
 *     });
 *     client.start();
 *     client.say("Hello!");                // kept until there is a seat and a connection, said once
 *
 * and, once `client.ready` has come:
 *
 *     await client.request("next");        // resolves with the answer, rejects with the `error` or the `held` event
 *     client.leave();                      // be forgotten
 *
 * `onEvent` gets every event of the server's, in order and once, and local ones, whose types begin with `client.`:
 *
 *     client.connecting    {attempt}
 *     client.disconnected  {code, why_code?, reason?, retry_at}   retry_at: Date.now() of the next try, null: no more
 *     client.reconnected   {resumed, is_forgotten}                before the `room` that one came back to
 *     client.ready         {said}                                 seated; of `said` messages one had missed
 *     client.outgoing      {ref, room, text, state, code?}        state: "queued", "sent", "unsent"
 *     client.working       {bits}                                 the server asked for work; it is being done
 *     client.refused       {code, message}                        `enter` was refused: nothing more is tried
 *
 * Rules it keeps. One message is on its way at a time, so that what is said keeps its order; it stays first in the
 * queue until its echo comes. After a break the seat is asked for again, everything missed comes first, and what was
 * neither echoed nor replayed is said again with the same `ref`. A message belongs to the seat it was written on: in
 * another room it becomes "unsent" with the code `wrong_room`, on a new seat in the same room, which may have heard it,
 * with `seat_gone`, and it is for the person to say it again; so with `held`, which brings the server's `reason` and
 * `object`, and with `over`, where nothing more is tried. What was said before any room belongs to the first. A hole in
 * `seq` is mended by connecting anew. Nothing here touches the document or stores anything: `session` is what to keep
 * across page loads, the messages that are still unsent with it.
 */

import { Connection } from "./connection.js";
import { Entrance } from "./entrance.js";
import { Outbox } from "./outbox.js";
import { Seat } from "./resume.js";
import { newRef, Unanswered } from "./unanswered.js";

export const SUBPROTOCOL = "hereabouts.v1.json";

const WAKING_MS = 4_000; // how long whoever comes back to the page waits to learn that the connection is dead

// Coming back as one is would fail again (docs/PROTOCOL.md, "What a client has to do").
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || (code >= 4500 && code <= 4999);

export class Client {
  #connection;
  #ready = false;
  #seatedBefore = false;
  #enteredHere = false; // whether this connection has brought an `entered`, and
  #seatedHere = false; // a `room`
  #isOver = false; // whether nothing that is said can be sent any more
  #forgotten = null; // once one leaves: {promise, done}
  #bye = null;
  #entrance;
  #seat;
  #unanswered = new Unanswered((command) => this.#send(command));
  #outbox;
  #isAway = false;

  /**
   * @param {object} options
   * @param {string} options.url of the WebSocket
   * @param {string} options.cell geohash of 4 characters or more
   * @param {(event: object) => void} options.onEvent
   * @param {string} [options.name]
   * @param {string[]} [options.topics]
   * @param {boolean} [options.far] let the search grow while company is lacking
   * @param {boolean} [options.visiting]
   * @param {() => Promise<string>} [options.auth] returns a fresh JWT, for servers of an application with accounts
   * @param {string} [options.terms] the version of the server's terms that the person has accepted
   * @param {object} [options.session] what `session` returned before the page was loaded anew
   */
  constructor({ url, cell, onEvent, name = "", topics = [], far = false, visiting = false, terms = "", auth = null, session = null }) {
    this.onEvent = onEvent;
    this.#seat = new Seat(session);
    const token = session?.token ?? "";
    this.#seatedBefore = Boolean(token);
    this.#entrance = new Entrance(
      { cell, name, topics, far, visiting, terms, auth, token },
      {
        connection: () => this.#connection.current,
        seat: () => this.room && !this.#forgotten && { room: this.room, seq: this.seq },
        isLeaving: () => this.#forgotten !== null,
        ask: (command, refused) => this.#unanswered.ask(command, () => {}, refused),
        working: (bits) => this.#emit({ type: "client.working", bits }),
        gone: () => this.#gone(),
        refused: (error) => this.#refused(error),
        barred: (error) => this.#refuse(error),
      },
    );
    this.#outbox = new Outbox({ send: (message) => this.#speak(message), tell: (...told) => this.#tell(...told) });
    this.#outbox.restore(session?.unsent ?? []);
    this.#connection = new Connection(url, SUBPROTOCOL, {
      connecting: (attempt) => this.#connecting(attempt),
      opened: () => this.#entrance.enter(),
      heard: (data) => this.#hear(JSON.parse(data)),
      lost: () => this.#lost(),
      ended: (code) => this.#ended(code),
      waiting: (why, retryAt) => this.#emit({ type: "client.disconnected", ...why, retry_at: retryAt }),
      mayAsk: () => !this.#isAway, // a ping would end being away
      ask: () => this.#ready && this.#send({ type: "ping", ref: newRef() }),
    });
  }

  get room() {
    return this.#seat.room;
  }

  get me() {
    return this.#seat.me;
  }

  get seq() {
    return this.#seat.seq;
  }

  get token() {
    return this.#entrance.token;
  }

  get cell() {
    return this.#entrance.cell;
  }

  get name() {
    return this.#entrance.name;
  }

  get visiting() {
    return this.#entrance.visiting;
  }

  /** What to give the next Client to be the same person; its replay begins where one sat down. */
  get session() {
    return { token: this.token, room: this.room, me: this.me, seq: this.#seat.firstSeq, unsent: this.unsent };
  }

  /** What was said and is not confirmed: [{ref, room, me, text}]. By its `ref` each is said once, by whichever Client. */
  get unsent() {
    return this.#outbox.messages;
  }

  /** Whether commands are sent at once. */
  get isReady() {
    return this.#ready;
  }

  /** Connects, and stays connected until `leave`, `stop` or a final refusal; after these two, goes on where it was. */
  start() {
    if (this.#connection.isWanted || this.#forgotten) return;
    this.#isOver = false;
    this.#connection.start();
  }

  /** Ends the connection without a word; the seat waits for a while. */
  stop() {
    this.#connection.stop();
  }

  /**
   * Forget me: seat, place and token. What is still queued is not said, and nothing more is told.
   *
   * Returns a promise of the server's having done so. Without a connection that takes until there is one: it is tried
   * for as long as the page lives, and on a later page by a Client with this `session`, of which `leave` alone is called.
   */
  leave() {
    if (this.#forgotten) return this.#forgotten.promise;
    this.#forgotten = {};
    this.#forgotten.promise = new Promise((done) => (this.#forgotten.done = done));
    this.#outbox.clear();
    this.#isOver = true;
    this.#ready = false;
    if (!this.token && !this.#connection.isOpen) this.#gone();
    else if (this.#enteredHere) this.#takeLeave();
    else if (this.#connection.isWanted) this.retryNow();
    else this.#connection.start();
    return this.#forgotten.promise;
  }

  /** Says something in the present room; returns the ref by which `client.outgoing` and `said` name it. */
  say(text) {
    const ref = newRef();
    const message = { ref, room: this.room, me: this.me, text };
    if (this.#isOver) this.#tell(message, "unsent", { code: "over" });
    else this.#outbox.add(message);
    return ref;
  }

  /**
   * Sends a command; resolves with its answer, rejects with the `error`, {code: "not_connected"}, or what is `held`, of
   * which the `code` is "held": then nobody got it.
   */
  request(type, fields = {}) {
    if (!this.#ready) return Promise.reject({ type: "error", code: "not_connected", about: type });
    return new Promise((resolve, reject) => {
      this.#unanswered.ask({ type, ...fields }, (answer) => (this.#entrance.adopt(type, fields), resolve(answer)), reject);
    });
  }

  /**
   * Comes in anew, in one's seat, as somebody who visits a place or no longer does; no other command says so.
   *
   * Resolves once one is there again; whether the place counts, a `move` to it says. Rejects with the `error` if one is
   * not let in like that, and comes in as before.
   */
  visit(cell, visiting = true) {
    if (!this.#ready) return Promise.reject({ type: "error", code: "not_connected", about: "enter" });
    const visited = this.#entrance.claim(cell, visiting);
    this.#connection.renew();
    return visited;
  }

  /** Keep my seat while I sleep; lasts until `back`. */
  away() {
    this.#isAway = true;
    if (this.#ready) this.#send({ type: "away", ref: newRef() }, { expects: false });
  }

  /** I am here again: ends being away, and makes sure that the connection is alive. */
  back() {
    this.#isAway = false;
    if (!this.#ready) {
      this.retryNow();
      return;
    }
    this.#send({ type: "ping", ref: newRef() });
    this.#connection.expectWithin(WAKING_MS);
  }

  /** Ends the present wait before reconnecting. */
  retryNow = () => this.#connection.retryNow();

  // --- connecting ---

  #connecting(attempt) {
    this.#bye = null;
    this.#emit({ type: "client.connecting", attempt });
  }

  #lost() {
    this.#ready = false;
    this.#enteredHere = this.#seatedHere = false;
    this.#seat.settle();
    this.#outbox.pause();
    this.#unanswered.lose();
  }

  #ended(code) {
    if (this.#forgotten && !this.token) return this.#gone();
    const bye = this.#bye;
    const why = { code, why_code: bye?.why_code, reason: bye?.reason };
    const final = bye?.code ?? code;
    if (isFinal(final)) this.#giveUp({ ...why, code: final });
    else this.#connection.comeBack(bye, why);
  }

  #giveUp(why) {
    this.#over();
    this.#emit({ type: "client.disconnected", ...why, retry_at: null });
  }

  /** Ends it for good: words that come from now on would wait for ever. */
  #over() {
    this.#isOver = true;
    this.#entrance.giveUp();
    this.#outbox.giveUp();
    this.stop();
    if (this.#forgotten) this.#gone();
  }

  // --- leaving ---

  /** Asks to be forgotten; the connection ends with the answer, or is tried anew. */
  #takeLeave() {
    this.#send({ type: "leave", ref: newRef() });
  }

  #gone() {
    this.#entrance.token = "";
    this.stop();
    this.#forgotten.done();
  }

  // --- entering ---

  async #renewAuth() {
    const auth = await this.#entrance.vouched();
    if (auth) this.request("auth", { auth }).catch(() => {}); // refused or too late: the connection ends with 4504
  }

  /** Who sat here comes back once they may; who comes anew is told. */
  #refused(error) {
    if (error.retry_after && this.#seatedBefore && error.code !== "banned") {
      this.#connection.close();
      this.#connection.retryIn(error.retry_after * 1000 * (1 + Math.random() / 4), { code: 1006, why_code: error.code });
    } else {
      this.#refuse(error);
    }
  }

  #refuse(error) {
    this.#over();
    this.#emit({ ...error, type: "client.refused" });
  }

  #onEntered(event) {
    const isForgotten = this.#entrance.entered(event);
    this.#enteredHere = true;
    if (this.#seatedBefore) this.#emit({ type: "client.reconnected", resumed: event.resumed, is_forgotten: isForgotten });
    if (this.#forgotten) this.#takeLeave();
  }

  #onRoom(event) {
    const isOther = this.#seat.take(event);
    this.#seatedHere = true;
    if (isOther) this.#outbox.keepOnly(event.room, event.me);
  }

  /** Runs after a `room` was handed on. */
  #seated() {
    if (this.#ready || this.#seat.isReplaying || this.#forgotten) return;
    if (!this.#seatedBefore) {
      this.#seatedBefore = true;
      this.#becomeReady(0);
      return;
    }
    const ref = newRef();
    this.#seat.catchUp(ref);
    this.#send({ type: "ping", ref });
  }

  #becomeReady(said) {
    this.#seat.settle();
    this.#connection.settle();
    this.#ready = true;
    this.#emit({ type: "client.ready", said });
    this.#entrance.arrived();
    if (this.#isAway) this.away();
    this.#outbox.reveal(this.room, this.me);
    this.#outbox.pump();
  }

  // --- hearing ---

  #hear(event) {
    const here = this.#connection.current;
    this.#settle(event);
    const place = this.#seat.place(event);
    if (place === "hole") return this.#connection.drop(); // and it comes again behind what was missed
    if (place === "old") return this.#hearAgain(event);
    if (event.type === "entered") this.#onEntered(event);
    if (event.type === "room") this.#onRoom(event);
    if (event.type === "bye") this.#onBye(event);
    if (event.type === "said") this.#onSaid(event);
    if (event.type === "held") this.#outbox.held(event);
    if (event.type === "auth_expiring") this.#renewAuth();
    this.#emit(event);
    if (event.type === "error") this.#outbox.refused(event);
    this.#unanswered.take(event, this.me);
    if (here !== this.#connection.current) return; // whoever took it has stopped, and sits nowhere
    if (event.type === "room") this.#seated();
    if (this.#seat.hasCaughtUp(event)) this.#becomeReady(this.#seat.replayed);
  }

  /** Knows whether an answer is due still. */
  #settle({ type }) {
    if (type !== "error" && (!this.#seatedHere || this.#forgotten)) return; // only a `room`, or the end, is an answer
    // What was missed may take a while on a slow line.
    if (type !== "error" && this.#seat.isReplaying) this.#connection.expectMore();
    else this.#connection.settle();
  }

  #onBye(event) {
    this.#bye = event;
    if (this.#forgotten && event.code === 1000) this.#gone();
  }

  /** What came before is passed over; but my words said once more are confirmed by the old echo, if it was left out. */
  #hearAgain(event) {
    if (event.type === "said" && event.from === this.me && this.#outbox.heard(event.ref)) this.#emit(event);
  }

  #onSaid(event) {
    if (event.from === this.me) this.#outbox.heard(event.ref);
    else this.#seat.count();
  }

  // --- speaking ---

  #send(command, options) {
    this.#connection.send(command, options);
  }

  #speak({ text, room, ref }) {
    if (!this.#ready) return false;
    this.#isAway = false;
    this.#send({ type: "say", text, room, ref });
    return true;
  }

  #tell({ ref, room, text }, state, more = {}) {
    this.#emit({ type: "client.outgoing", ref, room, text, state, ...more });
  }

  /** Hands an event on; a mistake of whoever takes it is reported as such, and stops nothing here. */
  #emit(event) {
    if (this.#forgotten) return;
    try {
      this.onEvent(event);
    } catch (error) {
      reportError(error);
    }
  }
}
