"""Images, over X's version 2 upload: tweepy has only the old one. What was approved is what is uploaded, to the byte."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import msgspec

from govern.xapi.answers import Made, XId
from govern.xapi.call import Caller
from govern.xapi.client import OutgoingImage, Uploaded
from govern.xapi.errors import NotSent, OutcomeUnknown, Refused

PART = 1024 * 1024
"""Bytes of the image in one request; base64 in JSON makes 4/3 of it."""
MOST_WAITING = timedelta(seconds=60)
_SHORTEST_WAIT = 1.0

Pause = Callable[[float], Awaitable[object]]


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


class _Processing(msgspec.Struct, frozen=True):
    state: str = "succeeded"
    check_after_secs: float = _SHORTEST_WAIT
    error: _Problem = _Problem()

    @property
    def going_on(self) -> bool:
        return self.state in {"pending", "in_progress"}


class _Session(msgspec.Struct, frozen=True):
    id: XId
    size: int | None = None
    expires_after_secs: int = 86_400
    processing_info: _Processing = _Processing()


class _Anything(msgspec.Struct, frozen=True):
    """An answer of which only the status counts."""


async def upload_image(x: Caller, image: OutgoingImage, *, pause: Pause = asyncio.sleep) -> Uploaded:
    """Upload an image and give it its alt text. Nothing is visible of it before a post uses it, so it may be tried again.

    Raises:
        NotSent: `content_changed`, these are not the approved bytes; `no_alt_text`. Nothing was sent.
        Refused: X does not take this image, `media_refused` after looking at it.
        XError: as every call.
    """
    if hashlib.sha256(image.content).digest() != image.digest:
        raise NotSent("content_changed")
    if not image.alt_text.strip():
        raise NotSent("no_alt_text")
    media_id = await _begin(x, image)
    for index, part in enumerate(parts(image.content)):
        body = {"segment_index": index, "media": base64.b64encode(part).decode()}
        await x.write("media_append", x.to("POST", f"/2/media/upload/{media_id}/append", json=body), _Anything)
    session = await _finish(x, media_id, size=len(image.content))
    await _wait(x, session, pause=pause)
    metadata = {"id": media_id, "metadata": {"alt_text": {"text": image.alt_text}}}
    await x.write("media_metadata", x.to("POST", "/2/media/metadata", json=metadata), _Anything)
    return Uploaded(media_id=media_id, lives=timedelta(seconds=session.expires_after_secs))


def parts(content: bytes) -> Iterator[bytes]:
    """Cut the bytes into what one request carries."""
    return (content[start : start + PART] for start in range(0, len(content), PART))


async def _begin(x: Caller, image: OutgoingImage) -> str:
    body = {"media_type": image.media_type, "media_category": image.category, "total_bytes": len(image.content)}
    begun, _ = await x.write("media_initialize", x.to("POST", "/2/media/upload/initialize", json=body), Made[_Session])
    return begun.data.id


async def _finish(x: Caller, media_id: str, *, size: int) -> _Session:
    finished, exchange = await x.write(
        "media_finalize", x.to("POST", f"/2/media/upload/{media_id}/finalize"), Made[_Session]
    )
    if finished.data.id != media_id or finished.data.size not in {None, size}:
        raise OutcomeUnknown("media_size", exchange=exchange)
    return finished.data


async def _wait(x: Caller, session: _Session, *, pause: Pause) -> None:
    """Wait as X says until it has looked at the image."""
    processing, waited = session.processing_info, 0.0
    while processing.going_on:
        seconds = max(processing.check_after_secs, _SHORTEST_WAIT)
        waited += seconds
        if waited > MOST_WAITING.total_seconds():
            raise OutcomeUnknown("media_processing")
        await pause(seconds)
        params = {"command": "STATUS", "media_id": session.id}
        found = await x.read("media_status", x.to("GET", "/2/media/upload", params=params), Made[_Session])
        processing = found.data.processing_info
    if processing.state != "succeeded":
        raise Refused("media_refused", processing.error.message[:500])
