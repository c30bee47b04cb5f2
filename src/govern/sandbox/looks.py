"""What all pages share: the templates, the headers, and how a form is read."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.datastructures import FormMultiDict

HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def render(template: str, *, status: int = 200, form_action: str = "", **values: Any) -> Response[str]:
    """Return a page. A browser follows its forms to this server only, or to `form_action` too."""
    forms = f"'self' {form_action}".strip()
    html = _PAGES.get_template(template).render(**values)
    headers = {
        "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def field(form: FormMultiDict, name: str) -> str:
    """Return the text of a form's field, or nothing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
