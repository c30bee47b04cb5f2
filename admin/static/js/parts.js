// Parts swapped in by htmx: what is no part (sign-in, an error) becomes a whole page, and focus follows the content.
const BIG = matchMedia("(min-width: 821px)");

addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const { raw } = ctx.response;
  if ((raw.redirected && new URL(raw.url).pathname === "/admin/sign-in") || (raw.status >= 400 && ctx.request.method === "GET")) {
    event.preventDefault();
    location.assign(ctx.request.action);
  }
});

addEventListener("htmx:after:swap", () => {
  const current = document.querySelector("#main .qlist [aria-current], #main .atable [aria-current]");
  if (BIG.matches) current?.focus({ preventScroll: true });
  else {
    document.querySelector("#item-head, #entry-head")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
});
