// <print-page words="Print">: a button that prints the page.
customElements.define("print-page", class extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.dataset.size = "sm";
    button.textContent = this.getAttribute("words");
    button.addEventListener("click", () => print());
    this.replaceChildren(button);
  }
});
