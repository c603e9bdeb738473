// Puts what the tour says into the fields of the page, so that nobody types passwords of twenty-four letters.
// Without this script it is typed; nothing is sent by it.
(() => {
  "use strict";
  const main = () => document.querySelector("main");
  const free = (name) => [...main().querySelectorAll(`[name="${name}"]`)].filter((each) => each.type !== "hidden");
  const file = async (box, address) => {
    const found = await fetch(address), kept = new DataTransfer();
    kept.items.add(new File([await found.blob()], "tour.json", { type: "application/json" }));
    box.files = kept.files;
  };
  const put = async (box, given) => {
    if (given.how === "file") await file(box, given.value);
    else if (/^(radio|checkbox)$/.test(box.type)) box.checked = box.checked || given.value.split(",").includes(box.value);
    else box.value = given.value;
    for (const name of ["input", "change"]) box.dispatchEvent(new Event(name, { bubbles: true }));
  };
  const fill = async (strip) => {
    const rows = [...strip.querySelectorAll("[data-field]")].map((each) => each.dataset);
    const asked = main().querySelector('input[name="ask"]');
    // Of several scans the first that the page has not had: each scan so far is a hidden field of its form.
    const scans = rows.filter((each) => each.field === "scan" && !each.ask);
    const scan = scans[scans.length > 1 ? main().querySelectorAll('input[name="before"]').length : 0];
    const counts = rows.filter((each) => each.field === "count");
    // One form: where a page has several, other fields of the same name are not meant.
    let form = null;
    for (const given of rows) {
      const other = given.ask ? !asked || given.ask !== asked.value : given.field === "scan" && given !== scan;
      if (other) continue;
      const boxes = free(given.field).filter((each) => !form || each.form === form);
      if (boxes.length) form = form || boxes[0].form;
      if (given.field === "count") boxes.splice(0, boxes.length, ...boxes.slice(counts.indexOf(given)).slice(0, 1));
      for (const box of given.how === "file" ? boxes.slice(0, 1) : boxes) await put(box, given);
    }
    const on = (form || main()).querySelector("button:not(.plain)");
    if (on) on.focus();
  };
  document.addEventListener("click", (event) => {
    if (event.target.matches("[data-fill]")) fill(event.target.closest("aside"));
  });
})();
