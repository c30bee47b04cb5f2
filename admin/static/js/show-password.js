// <show-password for="id" show="Show" hide="Hide">: a button that shows what is typed into a password field.
customElements.define("show-password", class extends HTMLElement {
  connectedCallback() {
    const field = document.getElementById(this.getAttribute("for"));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.dataset.size = "sm";
    button.setAttribute("aria-controls", field.id);
    const say = () => {
      button.textContent = this.getAttribute(field.type === "password" ? "show" : "hide");
    };
    button.addEventListener("click", () => {
      field.type = field.type === "password" ? "text" : "password";
      say();
    });
    say();
    this.replaceChildren(button);
  }
});
