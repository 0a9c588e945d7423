// What textual-serve's own page does not do: the keys go to the terminal from the first one on, the browser's own
// meaning of the function keys is taken away (f5 would throw the session away), and leaving asks.
"use strict";

const has = (state) => document.body.classList.contains(state);

addEventListener("load", () => {
  const terminal = document.querySelector(".xterm-helper-textarea");
  document.fonts.load("16px 'Roboto Mono'").then(() => dispatchEvent(new Event("resize")));
  addEventListener("keydown", (event) => {
    if (has("-closed")) return;
    if (/^F\d+$/.test(event.key)) event.preventDefault();
    if (has("-loaded") && document.activeElement !== terminal) terminal.focus();
  });
  document.querySelector("#again").addEventListener("click", () => location.reload());
  new MutationObserver(() => {
    if (has("-closed")) document.querySelector("#again").focus();
    else if (has("-loaded")) terminal.focus();
  }).observe(document.body, { attributeFilter: ["class"] });
});

addEventListener("beforeunload", (event) => {
  if (has("-first-byte") && !has("-closed")) event.preventDefault();
});
