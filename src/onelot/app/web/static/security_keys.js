// A security key answers through the browser: options from the server, the answer back to it. Nothing is kept here.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const post = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-Onelot": "1" },
      body: JSON.stringify(body),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${said.what} ${said.remedy}`);
    return said;
  };

  const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));
  const answered = (made, names) => ({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    response: Object.fromEntries(names.filter((name) => made.response[name]).map((name) => [name, text(made.response[name])])),
  });

  const register = async (form) => {
    const given = new FormData(form);
    const said = await post("/me/factors/security-keys/options", { password: given.get("current") || "" });
    const made = await navigator.credentials.create({
      publicKey: {
        ...said,
        challenge: bytes(said.challenge),
        user: { ...said.user, id: bytes(said.user.id) },
        excludeCredentials: listed(said.excludeCredentials),
      },
    });
    const credential = answered(made, ["clientDataJSON", "attestationObject"]);
    await post("/me/factors/security-keys", { credential, name: given.get("name") || "" });
  };

  const answer = async () => {
    const said = await post("/session/security-key/options", {});
    const made = await navigator.credentials.get({
      publicKey: { ...said, challenge: bytes(said.challenge), allowCredentials: listed(said.allowCredentials) },
    });
    const credential = answered(made, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
    await post("/session/security-key", { credential });
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target, what = form.dataset.securityKey;
    if (!what) return;
    event.preventDefault();
    const line = form.querySelector("[data-said]");
    line.textContent = form.dataset.wait;
    try {
      await (what === "register" ? register(form) : answer());
      location.assign(form.dataset.onward);
    } catch (error) {
      line.textContent = error instanceof DOMException ? form.dataset.failed : error.message;
    }
  });
})();
