"""What is taken out of the log can be proven by those who trust nobody here, and says what it cannot prove."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from govern.domain.exports import (
    BeyondLog,
    ExportFormat,
    ExportReasonRequired,
    ExportTooLarge,
    Question,
    QuestionInvalid,
    check_question,
    read_range,
)
from govern.errors import Denied, Invalid
from govern.services.audit import EntryFilter, search_entries
from govern.services.audit.bundles import GONE, NOT_ASKED
from govern.services.audit.evidence import NothingProven
from govern.services.audit.export_lines import COLUMNS, guarded
from govern.services.export_runs import Made, export_to
from govern.tlog import verify
from govern.tlog.canonical import leaf_hash
from tests.factories import NOW
from tests.services.audit.watched import Watched
from tests.services.conftest import Office

REASON = "The auditor asked for it"


async def take(office: Office, **question: Any) -> tuple[bytes, Made]:
    file = io.BytesIO()
    made = await export_to(
        file,
        Question(**question),
        output=ExportFormat.BUNDLE,
        reason=REASON,
        actor=office.people.cleo,
        access=office.access,
        now=NOW,
    )
    return file.getvalue(), made


async def lines(office: Office, output: ExportFormat, **question: Any) -> str:
    file = io.BytesIO()
    await export_to(
        file,
        Question(**question),
        output=output,
        reason=REASON,
        actor=office.people.cleo,
        access=office.access,
        now=NOW,
    )
    return file.getvalue().decode()


def files_of(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def proven(watched: Watched, bundle: bytes, tmp_path: Path, *options: str) -> int:
    file = tmp_path / "x.govern-evidence.zip"
    file.write_bytes(bundle)
    return verify.main([str(file), "--key", str(watched.log.key.verifier), *options])


async def test_a_range_is_proven_to_leave_nothing_out(office: Office, watched: Watched, tmp_path: Path) -> None:
    bundle, made = await take(office, begin=3, end=11)
    files = files_of(bundle)
    assert proven(watched, bundle, tmp_path) == 0
    assert (made.written.entries, made.begin, made.end) == (8, 3, 11)
    assert {name for name in files if name.startswith("entries/")} == {f"entries/{n}.json" for n in range(3, 11)}
    assert not any(name.startswith(("proofs/", "open/")) for name in files)
    for name in ("README", "manifest.json"):
        assert "Nothing between its first and its last entry was left out" in " ".join(files[name].decode().split())


async def test_a_query_is_proven_entry_by_entry_and_says_that_it_cannot_be_complete(
    office: Office, watched: Watched, tmp_path: Path
) -> None:
    bundle, made = await take(office, query="action:role.assigned")
    files = files_of(bundle)
    assert proven(watched, bundle, tmp_path) == 0
    assert made.written.entries == 10
    assert len([name for name in files if name.startswith("proofs/")]) == 10
    for name in ("README", "manifest.json"):
        assert "no file can prove" in " ".join(files[name].decode().split())[:400]


async def test_the_same_question_to_the_same_log_gives_the_same_bytes(office: Office, watched: Watched) -> None:
    assert (await take(office, begin=0, end=7))[0] == (await take(office, begin=0, end=7))[0]
    assert (await take(office, query="action:member"))[0] == (await take(office, query="action:member"))[0]


async def test_an_earlier_checkpoint_is_proven_to_be_the_beginning(
    office: Office, watched: Watched, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    before = files_of((await take(office, begin=0, end=1))[0])
    kept.write_bytes(before["checkpoint"])
    size = json.loads(before["manifest.json"])["size"]
    await watched.sign()
    bundle, _ = await take(office, begin=0, end=2, since=size)
    assert proven(watched, bundle, tmp_path, "--since", str(kept)) == 0
    with pytest.raises(NothingProven, match="no checkpoint of 3 entries"):
        await take(office, begin=0, end=2, since=3)


async def test_personal_fields_go_with_it_only_if_asked_for(office: Office, watched: Watched, tmp_path: Path) -> None:
    closed = files_of((await take(office, query="action:member.created"))[0])
    held = json.loads(closed["withheld.json"])
    assert held
    assert {reason for fields in held.values() for reason in fields.values()} == {NOT_ASKED}
    bundle, made = await take(office, query="action:member.created", openings=True)
    files = files_of(bundle)
    assert proven(watched, bundle, tmp_path) == 0
    assert made.written.opened == len([name for name in files if name.startswith("open/")]) == len(held)
    opened = [json.loads(data) for name, data in files.items() if name.startswith("open/")]
    assert "Cleo" in {fields["name"]["value"] for fields in opened}


async def test_what_was_taken_away_is_said_to_be_gone(office: Office, watched: Watched, tmp_path: Path) -> None:
    await watched.owner.execute("DELETE FROM audit.opening")
    bundle, made = await take(office, query="action:member.created", openings=True)
    held = json.loads(files_of(bundle)["withheld.json"])
    assert made.written.opened == 0
    assert {reason for fields in held.values() for reason in fields.values()} == {GONE}
    assert proven(watched, bundle, tmp_path) == 0


async def test_every_export_is_recorded_with_its_hashes(office: Office, watched: Watched) -> None:
    bundle, made = await take(office, begin=1, end=4)
    page = await search_entries(EntryFilter(action="audit.exported"), scopes=frozenset({"company"}))
    data = page.items[0].data
    assert (data["entries"], data["begin"], data["end"], data["size"]) == (3, 1, 4, made.size)
    assert data["file"] == made.sha256.hex() == sha256(bundle).hexdigest()
    assert data["manifest"] == sha256(files_of(bundle)["manifest.json"]).hexdigest()
    assert page.items[0].sealed == ("reason",)
    assert REASON not in page.items[0].text


async def test_sentences_stand_in_both_languages_and_on_lines_of_their_own(office: Office, watched: Watched) -> None:
    said = files_of((await take(office, query="action:role.assigned"))[0])["sentences.txt"].decode().splitlines()
    assert len(said) == 20
    assert {line.split("\t")[2] for line in said} == {"en", "fr"}


@pytest.mark.parametrize("asked", [{"begin": 1, "end": 3}, {"query": ""}])
async def test_only_compliance_takes_the_log_out_and_only_with_a_fresh_proof(
    office: Office, watched: Watched, asked: dict[str, Any]
) -> None:
    stale = msgspec.structs.replace(office.people.cleo, fresh=False)
    for actor in (office.people.ada, office.people.mia, office.people.vera, stale):
        with pytest.raises(Denied):
            await export_to(
                io.BytesIO(),
                Question(**asked),
                output=ExportFormat.CSV,
                reason=REASON,
                actor=actor,
                access=office.access,
                now=NOW,
            )


@pytest.mark.parametrize("reason", ["", "  ", "no"])
async def test_a_reason_is_compulsory(office: Office, watched: Watched, reason: str) -> None:
    with pytest.raises(ExportReasonRequired):
        await export_to(
            io.BytesIO(),
            Question(begin=0),
            output=ExportFormat.CSV,
            reason=reason,
            actor=office.people.cleo,
            access=office.access,
            now=NOW + timedelta(seconds=1),
        )


async def test_only_what_is_signed_can_be_taken_out(office: Office, watched: Watched) -> None:
    for question in ({"begin": 0, "end": 10_000}, {"begin": 10_000}, {"begin": 0, "end": 1, "since": 10_000}):
        with pytest.raises(BeyondLog):
            await take(office, **question)


async def test_nothing_leaves_a_log_that_contradicts_its_checkpoint(office: Office, watched: Watched) -> None:
    where = "(SELECT arrival FROM audit.leaf WHERE leaf_index = 2)"
    await watched.attack(f"UPDATE audit.entry SET entry = replace(entry, 'done', 'DONE') WHERE arrival = {where}")
    with pytest.raises(NothingProven, match="entry 2 was changed"):
        await take(office, begin=0, end=5)
    await watched.attack("UPDATE audit.tile SET hashes = sha256('x') || substring(hashes FROM 33) WHERE level = 0")
    for question in ({"begin": 4, "end": 5}, {"query": "action:role.assigned"}):
        with pytest.raises(NothingProven):
            await take(office, **question)


async def test_nothing_leaves_under_a_checkpoint_nobody_signed(office: Office, watched: Watched) -> None:
    await watched.attack("UPDATE audit.checkpoint SET note = replace(note, '— ', '— x')")
    with pytest.raises(NothingProven):
        await take(office, begin=0, end=5)


async def test_lines_carry_what_is_needed_to_check_them(office: Office, watched: Watched) -> None:
    table = list(csv.DictReader(io.StringIO(await lines(office, ExportFormat.CSV, begin=0, end=6))))
    objects = [json.loads(line) for line in (await lines(office, ExportFormat.JSONL, begin=0, end=6)).splitlines()]
    assert tuple(table[0]) == COLUMNS
    for place, (row, found) in enumerate(zip(table, objects, strict=True)):
        assert (row["leaf_index"], found["leaf_index"]) == (str(place), place)
        for each in (row, found):
            assert each["leaf_hash"] == leaf_hash(each["entry"]).hex()
        assert row["sentence_en"] == found["sentence_en"]


async def test_lines_show_personal_fields_only_if_asked_for(office: Office, watched: Watched) -> None:
    question: dict[str, Any] = {"query": "action:member.created"}
    assert '"Cleo"' not in await lines(office, ExportFormat.JSONL, **question)
    assert '"Cleo"' in await lines(office, ExportFormat.JSONL, **question, openings=True)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert guarded(f"a{cell}") == f"a{cell}"


@pytest.mark.parametrize(
    "question",
    [
        {"begin": -1},
        {"end": 3},
        {"begin": 3, "end": 3},
        {"begin": 1, "query": "actor:mia"},
        {"query": "colour:red"},
        {"begin": 2**60},
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        check_question(Question(**question))


def test_a_range_is_typed_as_two_places() -> None:
    assert read_range("3:9") == (3, 9)
    assert read_range(" 3: ") == (3, None)
    for text in ("", ":", ":4", "a:b", "3", "3:9:1", "-1:4", "٣:4"):
        with pytest.raises(QuestionInvalid):
            read_range(text)
    with pytest.raises(ExportTooLarge):
        check_question(Question(begin=0, end=100_001))
