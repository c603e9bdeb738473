// What stands behind the # of a courier's link is never sent by a browser: it is posted once, and leaves the address.
(() => {
  "use strict";
  const open = () => {
    const form = document.querySelector("form[data-courier]"), code = location.hash.slice(1);
    if (!form || !code) return;
    history.replaceState(null, "", location.pathname);
    form.elements.code.value = code;
    form.submit();
  };
  open();
  // Another link, opened while this page is shown.
  addEventListener("hashchange", open);
})();
