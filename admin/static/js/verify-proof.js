// <verify-proof for="id of the entry's text" proof="/path" key="VKEY" words=…>: checks the entry as this page shows it,
// and says in one line per claim what it found. Drawn only here: without scripts the proof can be downloaded.
import { BadProof, checkProof } from "./tree-proof.js";

const said = (tone, icon, words) => {
  const line = document.createElement("li");
  line.className = `f-${tone}`;
  const mark = document.querySelector("svg.i use").cloneNode();
  mark.setAttribute("href", mark.getAttribute("href").replace(/#.*/, `#${icon}`));
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "i fi");
  drawn.setAttribute("aria-hidden", "true");
  drawn.append(mark);
  const text = document.createElement("p");
  text.textContent = words;
  line.append(drawn, text);
  return line;
};

customElements.define("verify-proof", class extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "btn";
    this.button.dataset.size = "sm";
    this.button.textContent = this.getAttribute("words");
    this.button.addEventListener("click", () => this.check());
    this.list = document.createElement("ul");
    this.list.className = "claims";
    this.list.setAttribute("role", "status");
    this.replaceChildren(this.button, this.list);
  }

  async check() {
    this.button.disabled = true;
    this.setAttribute("aria-busy", "true");
    try {
      this.list.replaceChildren(...(await this.claims()));
    } finally {
      this.button.disabled = false;
      this.removeAttribute("aria-busy");
    }
  }

  async claims() {
    const words = (name, values = {}) =>
      Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), this.getAttribute(name));
    if (!globalThis.crypto?.subtle) return [said("warn", "alert-triangle", words("insecure"))];
    let proof;
    try {
      const answer = await fetch(this.getAttribute("proof"), { headers: { Accept: "text/plain" } });
      if (!answer.ok) throw new Error(String(answer.status));
      proof = await answer.text();
    } catch {
      return [said("warn", "alert-triangle", words("unread"))];
    }
    const text = document.getElementById(this.getAttribute("for")).textContent;
    const own = document.getElementById(`${this.getAttribute("for")}-key`)?.value.trim();
    const key = own || this.getAttribute("key");
    try {
      const found = await checkProof(text, proof, key);
      const kept = own ? "signed-kept" : "signed";
      return [
        said("ok", "circle-check", words("included", found)),
        found.signed
          ? said(own ? "ok" : "info", own ? "circle-check" : "info-circle", words(kept, found))
          : said("warn", "alert-triangle", words(key ? "no-ed25519" : "no-key")),
      ];
    } catch (error) {
      if (!(error instanceof BadProof)) throw error;
      return [said("bad", "circle-x", words(`bad-${error.claim}`))];
    }
  }
});
