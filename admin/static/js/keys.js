// Single keys: off in fields and in what opens on top, never with Ctrl, Alt or Meta, and only if the reader wants them
// (WCAG 2.1.4). A key presses the button or link that carries it in `data-key`, so every key has a visible twin.
const PLACES = { o: "/admin", a: "/admin/approvals", l: "/admin/audit" };
let leader = 0;

const items = () => [...document.querySelectorAll("#main .qlist a, #main [data-item] a[href]")].filter((link) => link.offsetParent);

function move(step) {
  const list = items();
  const open = list.findIndex((link) => link === document.activeElement);
  const now = open >= 0 ? open : list.findIndex((link) => link.getAttribute("aria-current"));
  const next = list[Math.max(0, Math.min(list.length - 1, now + step))];
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  if (next.hasAttribute("hx-get")) next.click();
}

function press(key) {
  const twin = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((each) => each.offsetParent);
  if (!twin) return false;
  if (twin.matches("input")) twin.focus();
  else twin.click();
  return true;
}

function handle(event) {
  const key = event.key;
  if (Date.now() - leader < 1200 && PLACES[key]) {
    const link = document.querySelector(`.side a[href="${PLACES[key]}"]`);
    if (link) link.click();
    return Boolean(link);
  }
  leader = key === "g" ? Date.now() : 0;
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1), true;
  if (key === "?") return document.querySelector("#keys")?.togglePopover(), true;
  return "acreu/".includes(key) && press(key);
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") event.target.closest("form")?.requestSubmit();
  if (document.documentElement.dataset.keys === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("[popover]:popover-open") && event.key !== "?") return;
  if (handle(event)) event.preventDefault();
});
