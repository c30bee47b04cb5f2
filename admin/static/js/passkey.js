// <pass-key begin="/path" mode="get|create" mark="_" words=… …>: a button that asks a passkey, puts its
// answer into the form around it (`mark` + name) and sends the form. Drawn only where the browser can; the server checks.
const NUMBER = /^[\d.]+$|^\[/; // browsers keep passkeys for names only, never for an address in numbers
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function readable(options) {
  const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    allowCredentials: known(options.allowCredentials),
    excludeCredentials: known(options.excludeCredentials),
  };
}

function sendable({ id, rawId, type, response, authenticatorAttachment }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  const transports = response.getTransports?.();
  return {
    id,
    rawId: text(rawId),
    type,
    authenticatorAttachment,
    clientExtensionResults: {},
    response: { ...Object.fromEntries(given), ...(transports && { transports }) },
  };
}

customElements.define("pass-key", class extends HTMLElement {
  connectedCallback() {
    if (!globalThis.PublicKeyCredential) return;
    if (NUMBER.test(location.hostname)) {
      this.className = "muted";
      this.textContent = this.getAttribute("nameless");
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = this.getAttribute("words");
    button.addEventListener("click", () => this.ask(button));
    this.said = document.createElement("p");
    this.said.setAttribute("role", "status");
    this.said.className = "hint";
    this.replaceChildren(button, this.said);
  }

  async ask(button) {
    const form = this.closest("form");
    if (this.getAttribute("mode") === "create" && !form.reportValidity()) return;
    button.disabled = true;
    this.said.textContent = this.getAttribute("waiting");
    try {
      const { step, options } = await this.begin(form);
      const publicKey = readable(options);
      const create = this.getAttribute("mode") === "create";
      const found = await (create ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      this.send(form, { passkey_step: step, passkey_answer: JSON.stringify(sendable(found)) });
    } catch {
      this.said.textContent = this.getAttribute("failed");
    } finally {
      button.disabled = false;
    }
  }

  async begin(form) {
    const { _csrf, step } = form.elements;
    const answer = await fetch(this.getAttribute("begin"), {
      method: "POST",
      headers: _csrf ? { "X-CSRF": _csrf.value } : {},
      body: new URLSearchParams({ step: step?.value ?? "" }),
    });
    if (answer.status === 403) location.assign(`/admin/confirm?next=${encodeURIComponent(location.pathname)}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  send(form, fields) {
    for (const [key, value] of Object.entries(fields)) {
      const name = this.getAttribute("mark") + key;
      const field = form.elements[name] ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
      field.value = value;
    }
    if (form.elements._proof) form.elements._proof.value = "";
    form.requestSubmit(form.querySelector("button[type=submit]"));
  }
});
