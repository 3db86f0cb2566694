/**
 * Passkeys: a button asks the browser for one and sends its answer with the form. The request is in the form's
 * `data-options`, or comes from its address; `data-passkey` says whether to "create" or "get".
 */
const { webauthnJSON } = window;

/** What the server asks for; a passkey that is to open the door alone must be kept on the device and ask for a PIN. */
async function request(form) {
  if (!form.dataset.options) {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  }
  const options = JSON.parse(form.dataset.options);
  if (form.elements.passwordless?.checked) {
    Object.assign(options.publicKey.authenticatorSelection, {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    });
  }
  return options;
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const { form } = button;
  const failed = form.querySelector("[data-passkey-failed]");
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      const answer = await webauthnJSON[button.dataset.passkey](await request(form));
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
