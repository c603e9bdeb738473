// Follow a line: whatever end of it is pointed at or focused, the line and its two rows light up. Without this script
// every line is still a link to what rests on its fact, and every row names what it rests on.
(() => {
  "use strict";
  const light = (weave, wanted) => {
    const ends = new Set();
    for (const line of weave.querySelectorAll("a.line")) {
      const lit = wanted(line);
      line.classList.toggle("lit", lit);
      if (lit) ends.add(line.dataset.from).add(line.dataset.to);
    }
    for (const row of weave.querySelectorAll("[data-end]")) row.classList.toggle("lit", ends.has(row.dataset.end));
  };
  const follow = (event) => {
    const weave = document.querySelector("[data-weave]");
    if (!weave) return;
    const at = event.target instanceof Element ? event.target : null;
    const line = at && at.closest("a.line"), row = at && at.closest("[data-end]");
    if (line) light(weave, (each) => each === line);
    else if (row) light(weave, (each) => [each.dataset.from, each.dataset.to].includes(row.dataset.end));
    else light(weave, () => false);
  };
  document.addEventListener("pointerover", follow);
  document.addEventListener("focusin", follow);
})();
