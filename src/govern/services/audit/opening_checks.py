"""Whether the personal fields that still open are those the entries are committed to, and the others were erased."""

from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID

from govern.domain.audit import Entry, read_entry
from govern.errors import Unavailable
from govern.services.audit.claims import Findings
from govern.services.audit.erasures import read_personal_fields
from govern.services.audit.openings import Opened, OpeningUnreadable, open_entries
from govern.services.audit.wrapping import BrokenWrap


class OpeningChecks:
    """Opens each sealed field, with the keys of this process, and compares it with its commitment."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._due: dict[int, Entry] = {}
        self.fit = 0
        """Fields that opened and fit."""
        self.erased = 0
        """Fields whose content was erased, by an entry that says so."""

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        for index, text in enumerate(texts, begin):
            entry = read_entry(text.decode(errors="replace")) if b'"commit":{"' in text else None
            if entry is not None and entry.commit:
                self._due[index] = entry

    async def tile_done(self, begin: int, end: int) -> None:  # noqa: ARG002 - those that are due were shown
        due, self._due = self._due, {}
        opened = await self._open(due)
        for index, entry in due.items():
            fields = opened.get(entry.id, {})
            for field in sorted(fields.keys() & entry.commit.keys()):
                self._compare(index, entry, field, fields[field])
            if entry.commit.keys() - fields.keys() and not self._findings.failed("openings"):
                await self._look_for_erasure(index, entry)

    async def _open(self, due: dict[int, Entry]) -> dict[UUID, dict[str, Opened]]:
        """Open all at once; where one does not open, one by one, to name it."""
        try:
            return await open_entries([entry.id for entry in due.values()])
        except (OpeningUnreadable, BrokenWrap):
            return await self._open_each(due)
        except Unavailable as error:
            self._findings.skip("openings", f"The keys of personal content are not here: {error.detail}")
            return {entry.id: {} for entry in due.values()}

    async def _open_each(self, due: dict[int, Entry]) -> dict[UUID, dict[str, Opened]]:
        opened: dict[UUID, dict[str, Opened]] = {}
        for index, entry in due.items():
            try:
                opened |= await open_entries([entry.id])
            except (OpeningUnreadable, BrokenWrap) as error:
                self._findings.wrong("openings", f"A sealed field of entry {index}: {error.detail}", index)
        return opened

    def _compare(self, index: int, entry: Entry, field: str, opened: Opened) -> None:
        if opened.fits(field, _promise(entry.commit[field])):
            self.fit += 1
        else:
            words = f"The sealed field {field} of entry {index} is not what the entry is committed to."
            self._findings.wrong("openings", words, index)

    async def _look_for_erasure(self, index: int, entry: Entry) -> None:
        try:
            erased = (await read_personal_fields(entry)).erased
        except Unavailable:
            return
        untold: Sequence[str] = [field for field, erasure in erased.items() if erasure is None]
        self.erased += len(erased) - len(untold)
        if untold:
            words = f"The sealed field {untold[0]} of entry {index} is gone, and no entry tells of its erasure."
            self._findings.wrong("openings", words, index)


def _promise(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
