// The little that a page needs from a browser: the scan box keeps the focus, and a form loses nothing that was typed
// when the network is gone. Without this script every page works all the same.
(() => {
  "use strict";
  const scan = () => document.querySelector("[data-scan]");
  // A wedge scanner is a keyboard: what it types belongs into the scan box, wherever the focus went.
  document.addEventListener("keydown", (event) => {
    const box = scan(), at = document.activeElement;
    if (!box || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (at && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return;
    box.focus();
  });

  const show = (form, words, role) => {
    let line = form.querySelector(".unsent");
    if (!line) form.append((line = Object.assign(document.createElement("p"), { className: "unsent" })));
    line.setAttribute("role", role);
    line.textContent = words;
  };

  // A steady form is sent without leaving the page: when sending fails, all that was typed is still there, and the
  // form's own name ("once") keeps the server from doing it twice.
  const send = async (form, button) => {
    const typed = new FormData(form, button);
    const body = form.enctype === "multipart/form-data" ? typed : new URLSearchParams(typed);
    show(form, document.body.dataset.sending, "status");
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    } catch {
      show(form, document.body.dataset.unsent, "alert");
      return;
    }
    if (answer.redirected) { location.assign(answer.url); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const seen = page.querySelector("main");
    if (!seen) { show(form, document.body.dataset.unsent, "alert"); return; }
    document.querySelector("main").replaceWith(seen);
    // What stands above the page belongs to it: the tour's next word.
    const above = document.querySelector("aside.tour"), next = page.querySelector("aside.tour");
    if (above && next) above.replaceWith(next);
    document.title = page.title;
    (seen.querySelector("[data-scan]") || seen.querySelector("fieldset input") || seen).focus();
    window.scrollTo(0, 0);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.steady")) return;
    event.preventDefault();
    // A scanner that ends with two Enters sends once.
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    send(form, event.submitter).finally(() => delete form.dataset.busy);
  });
})();
