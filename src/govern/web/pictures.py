"""Images as they are served: as pictures and as nothing else."""

from litestar import Response

from govern.services.media import MediaFile

MAX_UPLOAD = 40 * 1024 * 1024
"""Bytes of one request: four large images, or a GIF beside them to be refused in words."""
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": "inline",
    "Cache-Control": "private, no-cache",
}


def picture_response(file: MediaFile) -> Response[bytes]:
    """Serve an image: the type is the one its bytes have, and nobody may keep it for others."""
    return Response(file.content, media_type=file.media_type.value, headers=_SAFE)
