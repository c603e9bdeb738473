// The SSE extension in our wheel was written for HTMX 1 and swaps by a call that HTMX 2 no longer has: it hands us
// each message before it would, and HTMX 2 swaps it. Without this script the page is read by its reload link.
(() => {
  "use strict";
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    event.preventDefault();
    const live = document.querySelector("[data-live]"), message = event.detail;
    if (message.type === "ended") { message.target.close(); return; }
    const place = live.querySelector(`[sse-swap="${message.type}"]`);
    // Nobody loses their place: what has the focus inside is left as it is until it is left.
    if (place && !(place !== document.activeElement && place.contains(document.activeElement))) {
      window.htmx.swap(place, message.data, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
    }
  });
})();
