// <image-drop>: images dropped on it, or chosen, are added at once, by the button that adds them without this script.
customElements.define("image-drop", class extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=file]");
    this.button = this.querySelector("button");
    if (!this.field || !this.button) return;
    this.button.hidden = true;
    this.field.addEventListener("change", () => this.add());
    this.addEventListener("dragover", (event) => this.over(event, true));
    this.addEventListener("dragleave", (event) => this.over(event, false));
    this.addEventListener("drop", (event) => {
      this.over(event, false);
      if (!event.dataTransfer.files.length) return;
      this.field.files = event.dataTransfer.files;
      this.add();
    });
  }

  over(event, is) {
    event.preventDefault();
    this.toggleAttribute("data-over", is);
  }

  add() {
    if (!this.field.files.length) return;
    this.button.hidden = false; // a hidden one is not pressed
    this.button.click();
  }
});
