// Show the document a step at a time: by keys, buttons, a slider, and the hash of the address.
"use strict";
const all = (css, within = document) => [...within.querySelectorAll(css)];
const one = (css, within = document) => within.querySelector(css);
const bar = one(".bar"), slider = one("input", bar), places = all("[data-place]");
const steps = all(".step");
const hashes = ["#0", ...steps.map(step => "#" + encodeURI(step.id))];
const phases = [null, ...steps.map(step => step.classList[1])]; // of the step before each position
const begins = steps.map(step => steps.indexOf(one(".step", step.closest(".iteration"))));
const edges = steps.map((_, k) => k).filter(k => phases[k] !== phases[k + 1]).concat(steps.length);
let at = 0; // how many steps are done

// What each matrix is, and from which position on.
const written = new Map(), kept = new Set(); // kept: what an iteration hands on to the next
let done = 0;
for (const found of all(".step, .given [data-matrix]")) {
  const isStep = found.matches(".step"), symbol = found.dataset[isStep ? "symbol" : "matrix"];
  if (isStep) done += 1; else kept.add(symbol);
  const from = isStep || !done ? done : done + 1; // the next iteration begins with its first step
  const table = one("table", isStep ? one("[data-matrix]", found) : found);
  written.set(symbol, [...written.get(symbol) ?? [], [from, table]]);
}

function fill(place, reads, now) {
  const symbol = place.dataset.place, versions = written.get(symbol) ?? [];
  const begin = at ? begins[at - 1] : 0;
  const known = versions.filter(([from]) => from <= at && (kept.has(symbol) || from > begin));
  const replaced = symbol === now && reads.includes(symbol) ? known.slice(-2) : known.slice(-1);
  place.replaceChildren(...replaced.map(([, table]) => table.cloneNode(true)));
  if (!known.length && versions.length) {
    place.append(versions[0][1].cloneNode(true));
    all("caption .wrong", place).forEach(sign => sign.remove());
    const cells = all("tbody td", place);
    const width = Math.max(...cells.map(cell => cell.textContent.length));
    for (const cell of cells) { // as wide as the numbers to come, and the same whatever their sign
      cell.className = "blank";
      cell.textContent = "·".padStart(width / 2 + 1, "\u2007").padEnd(width, "\u2007");
    }
  }
  place.className = symbol === now ? "written" : reads.includes(symbol) ? "read" : "";
}

function show() {
  const step = steps[at - 1], now = step?.dataset.symbol;
  all(".now").forEach(shown => shown.classList.remove("now"));
  for (let part = step; part; part = part.parentElement.closest("section"))
    part.classList.add("now");
  const derived = all(".derivation").find(found => found.dataset.of === now);
  if (derived) [derived, derived.parentElement].forEach(part => part.classList.add("now"));
  places.forEach(place => fill(place, step?.dataset.reads.split(" ") ?? [], now));
  all(".column").forEach(column => column.hidden = !one("table", column));
  document.body.dataset.phase = phases[at] ?? "";
  document.body.classList.toggle("start", at === 0);
  document.body.classList.toggle("end", at === steps.length);
  all("button[data-phase]").forEach(button =>
    button.setAttribute("aria-pressed", button.dataset.phase === phases[at]));
  one("[data-by='-1']").disabled = at === 0;
  one("[data-by='1']").disabled = at === steps.length;
  slider.value = at;
  const heading = one(step ? ".step.now h4" : "h1").textContent;
  slider.setAttribute("aria-valuetext", heading);
  one("output").textContent = `${at} / ${steps.length}`;
  const formula = one(".step.now [role=group]")?.ariaLabel, reason = one(".step.now .reason")?.textContent;
  one(".said").textContent = step ? `${heading}. ${formula}. ${reason}` : heading;
  look();
}

// What the step writes and reads is brought in sight; what is too far apart stands first.
function look() {
  const board = one(".board"), room = bar.getBoundingClientRect().top;
  board.classList.remove("apart");
  const lit = all(".written, .read", board).map(place => place.getBoundingClientRect());
  const top = Math.min(...lit.map(box => box.top)), bottom = Math.max(...lit.map(box => box.bottom));
  if (!lit.length || getComputedStyle(board).display === "contents") return;
  board.classList.toggle("apart", bottom - top > room - 16);
  if (bottom - top > room - 16) scrollTo(0, 0);
  else if (bottom > room || top < 0) scrollBy(0, bottom > room ? bottom - room + 8 : top - 8);
}

// The hash follows the position; in a frame the history of the course around it stays as it is.
function record() {
  if (location.hash === hashes[at]) return;
  if (window === window.parent) location.hash = hashes[at]; else location.replace(hashes[at]);
}

function go(to, settled = true) {
  at = Math.max(0, Math.min(steps.length, to));
  show();
  if (settled) record();
}

function follow() {
  const { hash } = location, known = hashes.indexOf(hash), number = hash.match(/^#(\d+)$/);
  const part = hash && document.getElementById(hash.slice(1))?.closest("section");
  const first = part ? steps.indexOf(one(".step", part)) + 1 : 0; // #iteration-2
  const stepping = known >= 0 || number || first || !hash;
  document.body.classList.toggle("stepping", Boolean(stepping));
  const link = one("a", bar);
  link.textContent = stepping ? "whole page" : "step by step";
  link.hash = stepping ? "#whole-page" : hashes[at];
  if (stepping) go(known >= 0 ? known : number ? Number(number[1]) : first, false);
  else scrollTo(0, document.getElementById(hash.slice(1))?.offsetTop ?? 0);
}

const next = () => go(at + 1), back = () => go(at - 1);
const many = steps.length / all(".iteration").length; // steps of an iteration
const KEYS = {
  " ": next, n: next, ArrowRight: next, PageDown: next,
  Backspace: back, ArrowLeft: back, PageUp: back,
  p: () => go(edges.find(k => k > at) ?? at), P: () => go(edges.findLast(k => k < at) ?? 0),
  i: () => at + many <= steps.length && go(at + many), I: () => at > many && go(at - many),
  Home: () => go(0), End: () => go(steps.length),
};

addEventListener("keydown", event => {
  const { target, key } = event, its = KEYS[key];
  if (!its || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!document.body.classList.contains("stepping")) return;
  if (target === slider && key.length > 1 && key !== "Backspace") return; // it moves itself
  if (key === " " && target.matches?.("button, a")) return;
  event.preventDefault();
  its();
});
bar.addEventListener("pointerdown", event => {
  if (!event.target.matches("button")) return;
  event.preventDefault(); // a button that is clicked keeps no focus, so that space still steps
  window.focus();
});
bar.addEventListener("click", event => {
  const { by, phase } = event.target.dataset;
  if (by) go(at + Number(by));
  const from = phase ? at && begins[at - 1] : 0;
  if (phase) go(phases.indexOf(phase, from + 1));
});
slider.addEventListener("input", () => go(Number(slider.value), false));
slider.addEventListener("change", record);
addEventListener("hashchange", follow);
steps.forEach(step => step.removeAttribute("id")); // so that no browser scrolls to them
all("button[data-phase]").forEach(button => button.hidden = !phases.includes(button.dataset.phase));
slider.max = steps.length;
all("[hidden='hidden']").forEach(part => part.hidden = false);
follow();
