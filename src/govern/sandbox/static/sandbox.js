// Show what is new every few seconds, unless somebody is writing. The page works without this.
(() => {
  const every = 4000;
  let touched = false;
  document.addEventListener("input", () => { touched = true; });
  window.setInterval(() => {
    const busy = document.activeElement && document.activeElement.closest("form");
    if (!touched && !busy && !document.hidden && !document.querySelector("[role=alert]")) window.location.reload();
  }, every);
})();
