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

  // A session that is over leaves nothing of it on the screen, whether or not the server can be reached then. What is
  // pushed live keeps its session in use by itself.
  const idle = Number(document.body.dataset.idle || 0) * 1000;
  if (idle && !document.querySelector("[data-live]")) {
    let used = Date.now();
    for (const each of ["keydown", "pointerdown", "scroll"]) {
      document.addEventListener(each, () => { used = Date.now(); }, { capture: true, passive: true });
    }
    const look = setInterval(() => {
      if (Date.now() - used < idle) return;
      clearInterval(look);
      document.querySelector("main").replaceChildren();
      document.title = "onelot";
      location.assign("/screen/sign-in");
    }, Math.min(5000, idle / 4));
  }

  const say = document.body.dataset;
  const show = (form, words, role, link) => {
    let line = form.querySelector(".unsent");
    if (!line) form.append((line = Object.assign(document.createElement("p"), { className: "unsent" })));
    line.setAttribute("role", role);
    line.textContent = words;
    if (!link) return;
    const there = Object.assign(document.createElement("a"), { href: "/screen/sign-in", target: "_blank", rel: "noopener" });
    there.textContent = link;
    line.append(" ", there);
  };
  const signedOut = (answer, form) => answer.redirected && new URL(answer.url).pathname === "/screen/sign-in"
    && !form.action.includes("/screen/sign-");
  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

  // The session that is open in this browser now, which may be a newer one from another window: "same" when the form
  // belongs to it, "renewed" when it does now, "other" when somebody else is signed in, "out" when nobody is.
  const renewed = async (form) => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = parsed(await answer.text());
    const token = page.querySelector("header input[name=csrf]"), own = form.querySelector("input[name=csrf]");
    if (!token || signedOut(answer, form)) return "out";
    if (page.body.dataset.who !== say.who) return "other";
    if (!own || own.value === token.value) return "same";
    document.querySelectorAll("input[name=csrf]").forEach((each) => { each.value = token.value; });
    return "renewed";
  };
  const keepOut = (form, word) => {
    // Whoever signs in next gives their own passwords; nothing else that was typed is lost.
    form.querySelectorAll("input[type=password]").forEach((each) => { each.value = ""; });
    if (word === "out") form.dataset.out = "yes";
    show(form, word === "out" ? say.signedOut : say.otherPerson, "alert", word === "out" ? say.signIn : "");
  };
  const post = (form, button) => {
    const typed = new FormData(form, button);
    const body = form.enctype === "multipart/form-data" ? typed : new URLSearchParams(typed);
    return fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  };
  // A refusal stands at the head of its form, and all that was typed is still there to be put right.
  const refuse = (form, refused) => {
    const title = refused.querySelector("h1"), head = document.createElement("h2");
    if (title) { head.append(...title.childNodes); title.replaceWith(head); }
    refused.querySelectorAll("p").forEach((each) => each.remove());
    refused.tabIndex = -1;
    form.prepend(refused);
    refused.scrollIntoView({ block: "nearest" });
    (form.querySelector("[data-scan]") || refused).focus({ preventScroll: true });
  };

  // A steady form is sent without leaving the page: when sending fails, all that was typed is still there, and the
  // form's own name ("once") keeps the server from doing it twice.
  let swapped = 0, entered = 0;
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") entered = performance.now(); }, true);
  const send = async (form, button) => {
    form.querySelectorAll(":scope > .refused").forEach((each) => each.remove());
    show(form, say.sending, "status");
    let answer;
    try {
      if (form.dataset.out) {
        const now = await renewed(form);
        if (now === "out" || now === "other") { keepOut(form, now); return; }
        delete form.dataset.out;
      }
      answer = await post(form, button);
      // Signed in anew in another window: the form belongs to the session that went, and to the same person.
      if (answer.status === 403 && await renewed(form) === "renewed") answer = await post(form, button);
    } catch {
      show(form, say.unsent, "alert");
      return;
    }
    if (signedOut(answer, form)) { keepOut(form, "out"); return; }
    if (answer.redirected) { location.assign(answer.url); return; }
    const page = parsed(await answer.text());
    const seen = page.querySelector("main"), refused = page.querySelector("main > .refused");
    if (!seen) { show(form, say.unsent, "alert"); return; }
    form.querySelector(".unsent")?.remove();
    if (!answer.ok && refused) { refuse(form, refused); return; }
    document.querySelector("main").replaceWith(seen);
    // What stands above the page belongs to it: the tour's next word.
    const above = document.querySelector("aside.tour"), next = page.querySelector("aside.tour");
    if (above && next) above.replaceWith(next);
    document.title = page.title;
    swapped = performance.now();
    (seen.querySelector("[data-scan]") || seen.querySelector("fieldset input:not([type=hidden])") || seen).focus();
    window.scrollTo(0, 0);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.steady")) return;
    event.preventDefault();
    // A scanner that ends with two Enters sends once: the second neither sends again nor answers the next question.
    if (form.dataset.busy) return;
    const picture = [...form.querySelectorAll("input[type=file]")].some((each) => each.files.length);
    const empty = form.querySelector("[data-scan]")?.value === "" && !picture;
    if (empty && entered > swapped && entered - swapped < 400) return;
    form.dataset.busy = "yes";
    send(form, event.submitter).finally(() => delete form.dataset.busy);
  });
})();
