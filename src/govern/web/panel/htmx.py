"""What the panel knows of htmx 4: when to answer with a part of the page."""

from typing import Any

from litestar import Request


def wants_part(request: Request[Any, Any, Any], target: str) -> bool:
    """Tell whether htmx asks for the element with this id alone; a restored history entry is a whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request-Type") == "partial"
        and "HX-History-Restore-Request" not in headers
        and headers.get("HX-Target", "").endswith(f"#{target}")
    )
