// What textual.js, which makes the terminal when the page is loaded, needs to be told before.
const terminal = document.getElementById("terminal");
const here = new URL("ws", location.origin + location.pathname).href;
terminal.dataset.sessionWebsocketUrl = here.replace(/^http/, "ws");
terminal.dataset.fontSize = new URLSearchParams(location.search).get("fontsize") || "16";

const makeTerminal = window.onload;
window.onload = async (event) => {
  await document.fonts.load('16px "Roboto Mono"').catch(() => {}); // its width is measured once
  makeTerminal(event);
};

const again = document.getElementById("again");
again.onclick = () => location.reload();
new MutationObserver(() => {
  const { classList } = document.body; // where textual.js says how the session is
  if (classList.contains("-closed")) again.focus(); // enter starts again
  else if (classList.contains("-loaded")) terminal.querySelector("textarea").focus(); // no click
}).observe(document.body, { attributeFilter: ["class"] });
