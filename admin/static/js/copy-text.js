// <copy-text for="id" words="Copy" done="Copied">: a button that copies another element's text.
customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.dataset.size = "sm";
    button.textContent = this.getAttribute("words");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(this.getAttribute("for")).textContent.trim());
      button.textContent = this.getAttribute("done");
    });
    this.replaceChildren(button);
  }
});
