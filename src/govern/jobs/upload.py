"""Hand the images of a due publication to X before the send: what fails here can be done again, nothing is out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from govern import log
from govern.domain.publications import Hold
from govern.services.media_uploads import MediaNeeded, Stuck, hold_for_media, read_missing, record_upload
from govern.xapi import errors
from govern.xapi.client import XClient

logger = log.get(__name__)
SOON = timedelta(seconds=15)
LATER = timedelta(minutes=5)
"""Until what a person must mend is tried again: an image X refuses, credits, keys."""


async def upload_media(
    needed: MediaNeeded, client: XClient, *, handed: set[UUID], clock: Callable[[], datetime]
) -> None:
    """Upload what X does not hold, each noted at once; where that does not help the publication waits, and says why.

    `handed` are the publications this run uploaded for: what it handed over a moment ago must do.
    """
    if needed.publication in handed:
        reason = "X does not keep the images for long enough. Nothing was sent."
        await hold_for_media(needed, Stuck(hold=Hold.MEDIA, reason=reason, again_at=clock() + LATER), now=clock())
        return
    handed.add(needed.publication)
    for media, image in await read_missing(needed, now=clock()):
        try:
            uploaded = await client.upload_image(image)
        except errors.XError as error:
            stuck = read_fault(error, now=clock())
            logger.warning("publication.media_stuck", publication=str(needed.publication), code=error.code)
            await hold_for_media(needed, stuck, now=clock())
            return
        await record_upload(needed, media, image.digest, uploaded, now=clock())


def read_fault(error: errors.XError, *, now: datetime) -> Stuck:
    """Turn what the client says of an upload into what it means: in no case is anything of the message out."""
    match error:
        case errors.RateLimited():
            reason = "X takes no more images for now. They are handed over when it does; nothing was sent."
            return Stuck(hold=Hold.MEDIA, reason=reason, again_at=max(error.reset_at, now) + timedelta(seconds=1))
        case errors.NoCredits():
            reason = "The X app has no credits left for the images. Nothing was sent."
            return Stuck(hold=Hold.CREDITS, reason=reason, again_at=now + LATER)
        case errors.AuthLost():
            reason = "X refused the account's keys when its images were handed over. Nothing was sent."
            return Stuck(hold=Hold.AUTH, reason=reason, again_at=now + SOON, key_version=error.version)
        case errors.Refused():
            reason = f"{error.sentence.en} Nothing was sent."
            return Stuck(hold=Hold.MEDIA, reason=reason, again_at=now + LATER)
        case _:
            reason = "X could not be given the images. It is tried again; nothing was sent."
            return Stuck(hold=Hold.MEDIA, reason=reason, again_at=now + SOON)
