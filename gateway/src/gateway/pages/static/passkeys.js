// Lets a form use a passkey: asks us what the device is to make or sign, asks the device, sends its answer as the form.
"use strict";

(() => {
  const key = window.PublicKeyCredential;
  if (!key?.parseRequestOptionsFromJSON || !key?.parseCreationOptionsFromJSON) return;
  if (!/[a-z]/i.test(location.hostname)) return; // passkeys belong to a name, not to an address (WebAuthn, 5.1.3)
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const alarm = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      alarm.hidden = true;
      try {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.options, { method: "POST", body });
        if (!answer.ok) throw new Error(answer.statusText);
        const options = await answer.json();
        const credential =
          form.dataset.passkey === "make"
            ? await navigator.credentials.create({ publicKey: key.parseCreationOptionsFromJSON(options) })
            : await navigator.credentials.get({ publicKey: key.parseRequestOptionsFromJSON(options) });
        form.elements.credential.value = JSON.stringify(credential.toJSON());
        form.submit();
      } catch {
        alarm.hidden = false;
      }
    });
  }
})();
