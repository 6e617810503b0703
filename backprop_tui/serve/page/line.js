// The line to a session. textual.js takes it for its WebSocket and never learns that it broke: what
// was shown last stays there, and another session's picture comes in its place.

const WebSocket = window.WebSocket;
const ASKS = 1000, LATE = 2000, BROKEN = 15000; // milliseconds without an answer
const LONGEST_PAUSE = 3000; // milliseconds between two tries
const HOW_IT_ENDED = {
  4000: "quit", 4001: "failed", 4002: "unopened", 4003: "full", 4004: "stopped", 4005: "crowded",
};

export class Line extends EventTarget {
  #socket = null; // the one that is in use, while there is one
  #asked = 0; // since when an answer is waited for, and 0 when none is
  #pinged = false;
  #pause = 0; // milliseconds until the next try
  #before = ""; // the state that was late
  state = "opening";

  // `told` hears of every new state, and of what the session says of itself; `bookmark` gives
  // where a new session is to begin.
  constructor(address, bookmark, told) {
    super();
    Object.assign(this, { address, bookmark, told });
    this.name = [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("");
    setInterval(() => this.#look(), 250);
    this.open();
  }

  begin() {
    this.#is("opening");
    this.open();
  }

  open() {
    this.close();
    const address = new URL(this.address);
    address.searchParams.set("page", this.name);
    address.searchParams.set("bookmark", this.bookmark());
    const socket = (this.#socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    this.#asked = Date.now();
    const ours = (does) => (event) => socket === this.#socket && does(event);
    socket.onopen = ours(() => {
      this.#heard();
      this.dispatchEvent(new Event("open")); // the terminal says its size
    });
    socket.onmessage = ours(({ data }) => this.#take(data));
    socket.onclose = ours(({ code }) => this.#ended(HOW_IT_ENDED[code] ?? "lost"));
  }

  // What is typed while nobody listens is not kept: it was meant for another picture.
  send(said) {
    if (this.state === "late" || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(said);
    this.#asked ||= Date.now();
  }

  type(key) {
    this.send(JSON.stringify(["stdin", key]));
  }

  close() {
    const socket = this.#socket;
    this.#socket = null;
    this.#asked = 0;
    socket?.close();
  }

  #take(data) {
    this.#heard();
    if (typeof data === "string") {
      const [what, ...more] = JSON.parse(data);
      if (what === "here") this.told("here", ...more);
      return;
    }
    this.dispatchEvent(new MessageEvent("message", { data }));
    if (data.byteLength > 10) { // more than the switches of a terminal: a picture
      this.#pause = 0;
      this.#is("live");
    }
  }

  #heard() {
    this.#asked = 0;
    this.#pinged = false;
    if (this.state === "late") this.#is(this.#before);
  }

  // A key may be answered by nothing, so before it is waited for the server is asked.
  #look() {
    const silent = this.#asked && Date.now() - this.#asked;
    if (silent > BROKEN) {
      this.close();
      this.#ended("lost");
    } else if (silent > LATE && ["live", "opening"].includes(this.state)) {
      this.#before = this.state;
      this.#is("late");
    } else if (silent > ASKS && !this.#pinged && this.#socket?.readyState === WebSocket.OPEN) {
      this.#pinged = true;
      this.#socket.send(JSON.stringify(["ping"]));
    }
  }

  #ended(how) {
    this.close();
    if (how !== "lost" || this.state !== "stopped") this.#is(how); // it was told why
    if (["quit", "failed", "unopened"].includes(how)) return; // its learner says what comes next
    setTimeout(() => this.#socket || this.open(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause + 250);
  }

  #is(state) {
    if (this.state === state) return;
    this.state = state;
    this.told(state);
  }
}
