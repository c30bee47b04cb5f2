// <reply-level handle="marion">: a reply to everyone begins with ".@" and the handle; the server checks it.
customElements.define("reply-level", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      if (event.target.name === "reply_level") this.begin(event.target.value === "everyone");
    });
    if (this.querySelector("[value=everyone]:checked")) this.begin(true);
  }

  begin(everyone) {
    const text = document.querySelector("#f-text");
    const start = `.@${this.getAttribute("handle")} `;
    if (!text || !this.getAttribute("handle")) return;
    const has = text.value.toLowerCase().startsWith(start.trim().toLowerCase());
    if (everyone && !has) text.value = start + text.value;
    if (!everyone && has) text.value = text.value.slice(start.length);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
