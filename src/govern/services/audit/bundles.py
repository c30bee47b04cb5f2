"""Writing an evidence bundle: entries, proofs, openings, and the words around them."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import IO

import msgspec

from govern.domain.exports import Question
from govern.services.audit.bundle_file import ANSWER_SAYS, RANGE_SAYS, BundleFile, readme, to_json, verifier
from govern.services.audit.evidence import (
    Found,
    NothingProven,
    Piece,
    prove_growth,
    prove_pieces,
    prove_places,
    read_pieces,
)
from govern.services.audit.tree_reading import TreeReader
from govern.tlog.proof import InclusionProof
from govern.tlog.range_proof import verify_range
from govern.tlog.tree import ProofError

Progress = Callable[[int], Awaitable[None]]
"""Told how many entries are written."""
NOT_ASKED = "not asked for"
GONE = "its opening is gone, and no entry says why"


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes it out, and why: printed in the bundle."""

    id: str
    name: str
    reason: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    entries: int
    opened: int
    manifest: bytes | None = None
    """SHA-256; of a bundle."""


async def write_bundle(
    file: IO[bytes], question: Question, found: Found, *, exporter: Exporter, progress: Progress
) -> Written:
    """Write the bundle that answers a question. The same question at the same checkpoint gives the same bytes.

    Raises:
        NothingProven, ExportTooLarge: what is in the file by then is of no use.
    """
    bundle, tree = _Bundle(BundleFile(file), found, ranged=question.begin is not None), TreeReader()
    written = 0
    async for pieces in read_pieces(found, personal=question.openings):
        paths = None if bundle.ranged else await prove_pieces(pieces, found.anchor, tree)
        await asyncio.to_thread(bundle.add, pieces, paths)  # packing takes its time: others go on
        written += len(pieces)
        await progress(written)
    if bundle.ranged:
        await bundle.add_range(tree)
    if question.since is not None:
        growth = await prove_growth(question.since, found.anchor, tree)
        bundle.file.add("consistency.json", to_json({"from": question.since, "proof": _base64(growth)}))
    manifest = await asyncio.to_thread(bundle.close, question, exporter)
    return Written(entries=written, opened=bundle.opened, manifest=manifest)


class _Bundle:
    """What is collected while the entries go by."""

    def __init__(self, file: BundleFile, found: Found, *, ranged: bool) -> None:
        self.file, self.found, self.ranged, self.opened = file, found, ranged, 0
        self._leaves: list[bytes] = []
        self._withheld: dict[str, dict[str, str]] = {}
        self._sentences: list[str] = []

    def add(self, pieces: list[Piece], paths: list[list[bytes]] | None) -> None:
        for number, piece in enumerate(pieces):
            self.file.add(f"entries/{piece.index}.json", piece.text.encode())
            if paths is not None:
                proof = InclusionProof(piece.index, paths[number], self.found.anchor.note)
                self.file.add(f"proofs/{piece.index}.tlog-proof", proof.text().encode())
            self.file.add_all(self._open(piece))
            self._leaves.append(piece.leaf)
            self._sentences += _sentences(piece)

    async def add_range(self, tree: TreeReader) -> None:
        anchor, begin = self.found.anchor, self.found.places[0]
        end = begin + len(self._leaves)
        proof = await prove_places(begin, end, anchor, tree)
        try:
            verify_range(begin, self._leaves, anchor.size, proof, anchor.root)
        except ProofError as error:
            raise NothingProven(reason=str(error)) from error
        given = {"begin": begin, "end": end, "left": _base64(proof.left), "right": _base64(proof.right)}
        self.file.add("range.json", to_json(given))

    def close(self, question: Question, exporter: Exporter) -> bytes:
        anchor = self.found.anchor
        self.file.add("checkpoint", anchor.note.encode())
        self.file.add("policy", f"log {anchor.verifier}\nquorum none\n".encode())
        self.file.add("withheld.json", to_json(self._withheld))
        self.file.add("sentences.txt", "\n".join([*self._sentences, ""]).encode())
        self.file.add("README", readme(ranged=self.ranged, origin=anchor.origin, size=anchor.size))
        self.file.add("verify.py", verifier())
        return self.file.close(
            {
                "what": RANGE_SAYS if self.ranged else ANSWER_SAYS,
                "format": "govern-evidence/v1",
                "question": question,
                "log": anchor.origin,
                "size": anchor.size,
                "entries": len(self._leaves),
                "opened": self.opened,
                "withheld": len(self._withheld),
                "exporter": {"id": exporter.id, "name": exporter.name},
                "reason": exporter.reason,
            }
        )

    def _open(self, piece: Piece) -> Iterator[tuple[str, bytes]]:
        """Give the file with what opens of an entry, and note what does not."""
        personal, held = piece.personal, {}
        if personal is None:
            held = dict.fromkeys(sorted(piece.entry.commit), NOT_ASKED) if piece.entry else {}
        else:
            for field, erasure in personal.erased.items():
                held[field] = f"content erased by entry {erasure.entry_id}" if erasure else GONE
            if personal.opened:
                self.opened += 1
                fields = {
                    field: {"salt": b64encode(each.salt).decode(), "value": each.value}
                    for field, each in sorted(personal.opened.items())
                }
                yield f"open/{piece.index}.json", to_json(fields)
        if held:
            self._withheld[str(piece.index)] = held


def _sentences(piece: Piece) -> Iterator[str]:
    said = piece.sentences
    at = piece.entry.at if piece.entry else ""
    yield f"{piece.index}\t{at}\ten\t{_line(said.get('en', 'not in our format'))}"
    yield f"{piece.index}\t{at}\tfr\t{_line(said.get('fr', 'pas dans notre format'))}"


def _line(text: str) -> str:
    """Keep a name from looking like lines of its own."""
    return "".join(each if each.isprintable() else " " for each in text)


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]
