// The panel's behaviour; without it every page still works. Each module is one custom element or one listener.
import "./keys.js";
import "./char-count.js";
import "./sla-clock.js";
import "./copy-text.js";
import "./image-drop.js";
import "./passkey.js";
import "./print-page.js";
import "./reply-level.js";
import "./show-password.js";
import "./verify-proof.js";
import "./parts.js";

// A refused form: what is wrong is read first.
document.querySelector("[data-focus]")?.focus();

// Only the target fields of the chosen kind are shown; without this script all are, and the server says what is missing.
const form = document.querySelector("#compose");
const kindNow = () => form.querySelector("[name=kind]:checked")?.value;
const choose = () => {
  const kind = kindNow();
  const counter = form.querySelector("char-count");
  counter?.setAttribute("limit", kind === "dm" ? counter.getAttribute("dm-limit") : counter.getAttribute("post-limit"));
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
};
// Where no private message may be written the text is closed; what was typed is kept for another kind or person.
const close = () => {
  const text = form.querySelector("#f-text");
  const closed = kindNow() === "dm" && form.querySelector("#permission")?.hasAttribute("data-refused") === true;
  form.querySelectorAll("input[type=hidden][name=text]").forEach((each) => each.remove());
  text.disabled = closed;
  for (const button of form.querySelectorAll("[name=do]:not([value=check])")) button.disabled = closed;
  if (closed && text.value) {
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "text", value: text.value });
    text.after(kept);
  }
};
if (form?.querySelector("[data-for]")) {
  form.addEventListener("change", choose);
  form.addEventListener("change", close);
  addEventListener("htmx:after:swap", close);
  choose();
}

// A warning once ticked stays ticked when screening is shown anew, and asks for nothing by itself.
const ticked = new Set();
for (const name of ["input", "change"]) {
  addEventListener(name, (event) => {
    if (event.target.name !== "acknowledged") return;
    event.stopPropagation();
    ticked[event.target.checked ? "add" : "delete"](event.target.value);
  }, true);
}
addEventListener("htmx:after:swap", () => {
  for (const box of document.querySelectorAll("[name=acknowledged]")) box.checked ||= ticked.has(box.value);
});

// A button that was pressed does not send twice.
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }); // after the form has read the button's own value
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});
