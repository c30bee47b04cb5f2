"""Styles, scripts, font and icons: one digest over the tree in every address, so that they never need asking again."""

from functools import cache
from hashlib import sha256
from pathlib import PurePosixPath

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from govern.errors import NotFound
from govern.settings import shipped

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"


class Assets(msgspec.Struct, frozen=True):
    """Every static file of the panel, in memory."""

    digest: str
    files: dict[str, bytes]


@cache
def assets() -> Assets:
    """Read `admin/static` once; together it is about 150 KB."""
    root = shipped("admin") / "static"
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }
    digest = sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Assets(digest.hexdigest()[:16], files)


def asset(name: str) -> str:
    """Return the address of a static file.

    Raises:
        KeyError: there is no such file; a page that names one is wrong.
    """
    known = assets()
    if name not in known.files:
        raise KeyError(name)
    return f"/admin/static/{known.digest}/{name}"


@get(
    "/admin/static/{digest:str}/{name:path}", opt={"public": "styles, scripts, font and icons"}, include_in_schema=False
)
async def static_file(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Serve one file; an address with another digest is not found, as its content may differ."""
    known, key = assets(), name.lstrip("/")
    if digest != known.digest or key not in known.files:
        raise NotFound(noun="file", name=key[:80])
    return Response(
        known.files[key],
        media_type=_TYPES[PurePosixPath(key).suffix],
        headers={"Cache-Control": _FOREVER},
    )
