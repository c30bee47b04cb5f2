"""Uploads in parts, until they are finished; a part that came twice counts once."""

from datetime import datetime, timedelta

import msgspec

from govern.sandbox.problems import invalid

LIFE = timedelta(hours=24)


class Upload(msgspec.Struct, kw_only=True):
    """One upload that was begun: what it is said to be, and the parts so far by their number."""

    id: int
    owner: int
    category: str
    media_type: str
    total: int
    until: datetime
    parts: dict[int, bytes] = msgspec.field(default_factory=dict)

    def whole(self) -> bytes:
        """Return the content, in the order of the parts' numbers.

        Raises:
            ApiError: 400, when a part is missing or the length is not what was said.
        """
        content = b"".join(self.parts[number] for number in sorted(self.parts))
        if sorted(self.parts) != list(range(len(self.parts))) or len(content) != self.total:
            raise invalid("Segments do not add up to provided total file size.", media_id=str(self.id))
        return content


class Uploads:
    """What was begun and not finished; lives in memory only."""

    def __init__(self) -> None:
        self._begun: dict[int, Upload] = {}

    def begin(self, upload: Upload) -> None:
        self._begun[upload.id] = upload

    def of(self, media_id: int, owner: int, now: datetime) -> Upload:
        """Return an upload of this owner.

        Raises:
            ApiError: 400 for one that is not theirs, was not begun, or was begun a day ago.
        """
        found = self._begun.get(media_id)
        if found is None or found.owner != owner or now >= found.until:
            raise invalid("The media id is unknown or has expired.", media_id=str(media_id))
        return found

    def finish(self, media_id: int) -> None:
        del self._begun[media_id]

    def clear(self) -> None:
        self._begun.clear()
