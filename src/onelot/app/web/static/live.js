// The SSE extension in our wheel was written for HTMX 1 and swaps by a call that HTMX 2 no longer has: it hands us
// each message before it would, and HTMX 2 swaps it. Without this script the page is read by its reload link.
(() => {
  "use strict";
  const live = document.querySelector("[data-live]"), lost = document.querySelector("[data-lost]");
  let ended = false;
  const end = () => {
    ended = true;
    if (lost) lost.hidden = true;
    // The extension connects again to whatever still says where.
    live.removeAttribute("sse-connect");
  };
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    event.preventDefault();
    const message = event.detail;
    const place = live.querySelector(`[sse-swap="${message.type}"]`);
    // Nobody loses their place: what has the focus inside is left as it is until it is left.
    if (place && !(place !== document.activeElement && place.contains(document.activeElement))) {
      window.htmx.swap(place, message.data, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
    }
    if (message.type === "ended") { message.target.close(); end(); }
  });
  // The browser connects again by itself, as long as the network is what failed. An answer that is no stream (nobody is
  // signed in any more) is read by loading the page, which then says so.
  document.addEventListener("htmx:sseError", (event) => {
    if (ended) return;
    if (event.detail.source && event.detail.source.readyState === EventSource.CLOSED) { end(); location.reload(); return; }
    if (lost) lost.hidden = false;
  });
  document.addEventListener("htmx:sseOpen", () => { if (lost) lost.hidden = true; });
})();
