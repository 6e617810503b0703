// The page around the terminal: how large its letters are, what is said of the line, and keys for
// fingers. textual.js makes the terminal when the page is loaded, of what is found here.
import { Line } from "./line.js";

const WORDS = {
  opening: "Opening the stepper …",
  live: "",
  late: "Waiting for the server … Until it answers, keys do nothing.",
  lost: "The connection is lost. Trying again …",
  full: "All places are in use. This page takes the next free one.",
  crowded: "Your address has all the places it can have. This page takes its next free one.",
  stopped: "The server was stopped. This page continues when it is started again.",
  quit: "You have quit.",
  failed: "The session has failed. Whoever runs the server may see why.",
  unopened: "The lesson could not be opened. Whoever runs the server sees why.",
};
const element = (name) => document.getElementById(name);
const terminal = element("terminal");
const fingers = matchMedia("(pointer: coarse)").matches;
const typist = () => terminal.querySelector("textarea"); // what takes the keys

// Letters -------------------------------------------------------------------------------------

const LETTER = [0.6, 1.32]; // of its size: how wide one is, and how high a row
const fitting = (columns, rows) =>
  Math.min(terminal.clientWidth / columns / LETTER[0], terminal.clientHeight / rows / LETTER[1]);
const between = (least, most, size) => Math.max(least, Math.min(most, size));

function sizeOfLetters() {
  const asked = parseFloat(new URLSearchParams(location.search).get("fontsize"));
  const largest = Math.max(8, fitting(40, 12)); // the smallest screen that there is
  const panels = Math.max(fitting(73, 23), fitting(50, 31)); // beside, or under each other
  const usual = between(10, 16, panels); // the smallest screen with all of them
  return (asked ? between(8, largest, asked) : usual).toFixed(1);
}

terminal.dataset.fontSize = sizeOfLetters();
terminal.dataset.sessionWebsocketUrl = new URL("ws", location).href.replace(/^http/, "ws");

const makeTerminal = window.onload;
window.onload = async (event) => {
  await document.fonts.load('16px "Roboto Mono"').catch(() => {}); // its width is measured once
  makeTerminal(event);
  if (fingers) typist().inputMode = "none"; // no keyboard over the picture unless asked for
};

// The session ---------------------------------------------------------------------------------

// Where this tab has come, which outlives a reload: what the server said of it, and believes again.
let here = {};
try {
  here = JSON.parse(sessionStorage.here ?? null) ?? {};
} catch {} // a browser that keeps nothing, or something else there

function keep(now) {
  here = now;
  document.title = [here.title, "backprop-tui"].filter(Boolean).join(" · ");
  try {
    sessionStorage.here = JSON.stringify(here);
  } catch {}
}

// Nothing here has the focus, as the next key was meant for the stepper: tab leads to the buttons.
function tell(state, now) {
  if (state === "here") return keep(now);
  if (state === "unopened") keep({});
  const ended = ["quit", "failed", "unopened"].includes(state);
  element("word").hidden = state === "live";
  element("word").firstElementChild.textContent =
    ended && here.score ? `${WORDS[state]} ${here.score}` : WORDS[state];
  element("again").hidden = !ended;
  element("go-on").hidden = !ended || !here.bookmark;
  element("comes-back").hidden = !(ended || state === "stopped") || !here.code;
  element("comes-back").querySelector("code").textContent = `backprop-tui --code ${here.code}`;
  terminal.inert = ended;
  if (ended) typist()?.blur(); // at once: the browser itself takes the focus at its next picture
  if (state === "live") typist().focus(); // no click is needed
}

let line;
window.WebSocket = class extends Line {
  constructor(address) {
    super(address, () => here.bookmark ?? "", tell);
    line = this;
  }
};
element("go-on").onclick = () => line.begin();
element("again").onclick = () => {
  keep({});
  line.begin();
};
window.onpagehide = () => line?.close(); // its place is free at once
window.onpageshow = ({ persisted }) => persisted && line.open();

// Fingers -------------------------------------------------------------------------------------

for (const button of element("keys").children) {
  button.onpointerdown = (event) => event.preventDefault(); // the focus stays
  if (button.dataset.key) button.onclick = () => line?.type(button.dataset.key);
}
element("keyboard").onclick = ({ target }) => {
  const shown = target.getAttribute("aria-pressed") !== "true";
  target.setAttribute("aria-pressed", shown);
  typist().inputMode = shown ? "text" : "none";
  typist().blur(); // a keyboard comes and goes with the focus
  if (shown) typist().focus();
};

tell("opening");
