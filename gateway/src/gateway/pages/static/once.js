// Sends a form once: who clicks twice would see the answer to the second click, which finds nothing left to do.
"use strict";

(() => {
  const GIVEN_UP_MS = 10000; // what was lost on its way may be sent again
  let sentAt = -Infinity;
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return; // a passkey is asked for first
    if (event.timeStamp - sentAt < GIVEN_UP_MS) event.preventDefault();
    else sentAt = event.timeStamp;
  });
  window.addEventListener("pageshow", () => (sentAt = -Infinity)); // back from where the form led
})();
