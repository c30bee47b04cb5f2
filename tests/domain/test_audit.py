"""The entries: every action is complete in both languages, pinned, short enough, and free of personal data."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest

from govern.domain import audit
from govern.domain.audit import ACTIONS, BY_NAME, BadEntry, Change, Context, Entry, EntryObject, Outcome, Recorded
from govern.tlog.canonical import MAX_BYTES, encode

NOW = datetime(2026, 11, 22, 13, 29, 7, 412_000, tzinfo=UTC)
MESSAGE = UUID("0197a000-0000-7000-8000-000000000001")
MIA = UUID("0197a000-0000-7000-8000-000000000002")
SCHEMAS = Path(__file__).with_name("audit_schemas.json")
NAMES = {f"message:{MESSAGE}": "M-1042", f"member:{MIA}": "Mia Laurent", "brand:acme": "Acme"}
FREE_WORDS = {"name", "email", "comment", "evidence", "label", "x_user_id", "handle"}
OURS = {("brand.created", "name"), ("account.created", "handle"), ("account.connected", "x_user_id")}

every_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.NAME)


def make_entry(action: str = "message.approved", **overrides: Any) -> Entry:
    fields: dict[str, Any] = {
        "log": "acme.example/audit",
        "id": UUID("0197a000-0000-7000-8000-000000000003"),
        "at": audit.time_text(NOW),
        "action": action,
        "outcome": Outcome.DONE,
        "actor": audit.ActorRef(kind="member", id=f"member:{MIA}", via="panel", factors=("password",)),
        "object": EntryObject("message", str(MESSAGE), 3),
        "scope": "account:AcmeCare",
        "data": {"revision": 3, "digest": "0" * 64, "approvals": 1, "required": 2, "edited": False},
        "ctx": Context(request="r-1", rule="brand_manager.message.approve", govern="0.1.0"),
    }
    return Entry(**fields | overrides)


def schema_of(action: type[Recorded]) -> dict[str, Any]:
    (described,), parts = msgspec.json.schema_components([action], ref_template="{name}")
    fields = msgspec.json.decode(msgspec.json.encode(parts[described["$ref"]]))
    personal = audit.personal_fields(action)
    return {
        name: {**kind, "required": name in fields["required"], "personal": personal.get(name)}
        for name, kind in fields["properties"].items()
    }


def longest(kind: dict[str, Any]) -> object:
    """Make the longest JSON value a field's schema allows."""
    if "anyOf" in kind:
        return max((longest(part) for part in kind["anyOf"]), key=lambda value: len(msgspec.json.encode(value)))
    match kind["type"]:
        case "integer":
            return kind["maximum"]
        case "boolean":
            return False
        case "array":
            return [longest(kind["items"])] * kind["maxItems"]
        case "null":
            return None
        case _:
            return longest_text(kind)


def longest_text(kind: dict[str, Any]) -> str:
    if kind.get("format") == "uuid":
        return str(MIA)
    if kind.get("format") == "date-time":
        return "2026-11-22T13:29:07.412345+14:00"
    if "maxLength" in kind:
        return "\x01" * int(kind["maxLength"])  # six bytes each
    samples = ["a" * 80, "0" * 20, "a" * 15, "account:" + "A" * 15, "brand:" + "a" * 39, "sha256:" + "0" * 64]
    return max((text for text in samples if re.search(kind["pattern"], text)), key=len)


def test_names_are_unique_and_of_the_form_noun_past_tense() -> None:
    assert len(BY_NAME) == len(ACTIONS)
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", name) for name in BY_NAME)


@every_action
def test_action_has_a_sentence_in_both_languages_with_the_same_placeholders(action: type[Recorded]) -> None:
    english, french = (
        {field for _, field, _, _ in Formatter().parse(text) if field} for text in (action.EN, action.FR)
    )
    required = {name for name, kind in schema_of(action).items() if kind["required"] and not kind["personal"]}
    assert english == french
    assert english <= required | {"actor", "object", "scope"}
    assert action.EN != action.FR
    assert action.__doc__


@every_action
def test_names_and_free_text_of_people_are_personal(action: type[Recorded]) -> None:
    for field, kind in schema_of(action).items():
        if field in FREE_WORDS and (action.NAME, field) not in OURS:
            assert kind["personal"], f"{action.NAME}.{field}"


def test_only_text_of_a_fixed_form_or_of_the_company_is_public() -> None:
    free = {
        (action.NAME, field)
        for action in ACTIONS
        for field, kind in schema_of(action).items()
        if not kind["personal"] and "maxLength" in msgspec.json.encode(kind).decode()
    }
    assert free == {("brand.created", "name"), ("account.created", "topic")}


@every_action
def test_longest_entry_fits_into_a_leaf(action: type[Recorded]) -> None:
    data = {name: longest(kind) for name, kind in schema_of(action).items()}
    public, personal = audit.split_fields(msgspec.convert(data, action))
    change = {f"{'f' * 78}{n:02}": Change("\x01" * 166, "\x01" * 166) for n in range(16)}
    refs = tuple(EntryObject("r" * 30, "i" * 64, 2**53 - 1) for _ in range(50))
    audit.check_size(refs, change)
    entry = make_entry(
        action.NAME,
        data=public,
        commit=dict.fromkeys(personal, "A" * 44),
        refs=refs,
        change=change,
        scope="brand:" + "a" * 39,
        log="l" * 120,
    )
    assert len(encode(msgspec.to_builtins(entry)).encode()) < MAX_BYTES


def test_fields_of_every_action_are_pinned() -> None:
    """Stored entries are read for ever: fields are only added, and only optional ones.

    After such a change write the pinned file anew: `python tests/domain/test_audit.py`.
    """
    pinned = msgspec.json.decode(SCHEMAS.read_bytes())
    assert {action.NAME: schema_of(action) for action in ACTIONS} == pinned


def test_entry_has_the_designed_keys_and_reads_back() -> None:
    text = encode(msgspec.to_builtins(make_entry()))
    keys = {"v", "log", "id", "at", "action", "outcome", "actor", "object", "refs", "scope", "data"}
    assert set(msgspec.json.decode(text)) == keys | {"change", "commit", "ctx"}
    assert audit.read_entry(text) == make_entry()


@pytest.mark.parametrize("text", ["{}", "[]", "", '{"v":1}', encode({"at": "yesterday"})])
def test_text_in_another_format_is_said_to_be_so(text: str) -> None:
    assert audit.read_entry(text) is None


def test_entry_with_an_impossible_time_is_not_in_our_format() -> None:
    assert audit.read_entry(encode(msgspec.to_builtins(make_entry(at="2026-11-22")))) is None


def test_times_sort_like_their_texts() -> None:
    assert audit.time_text(NOW) == "2026-11-22T13:29:07.412000Z"
    assert audit.time_of(audit.time_text(NOW)) == NOW


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Mia Laurent approved revision 3 of M-1042 (1 of 2)"),
        ("fr", "Mia Laurent a approuvé la révision 3 de M-1042 (1 sur 2)"),
    ],
)
def test_entry_is_told_in_english_and_french(lang: Literal["en", "fr"], said: str) -> None:
    assert audit.sentence(make_entry(), lang, NAMES) == said


def test_ids_in_fields_are_told_by_name_and_scopes_in_words() -> None:
    entry = make_entry("role.assigned", data={"member": str(MIA), "role": "brand_manager"}, scope="brand:acme")
    assert (
        audit.sentence(entry, "en", NAMES) == "Mia Laurent gave Mia Laurent the role brand manager for the brand Acme"
    )
    assert audit.sentence(entry, "fr", NAMES).endswith("le rôle responsable de marque pour la marque Acme")


def test_times_in_fields_are_told_with_their_zone() -> None:
    entry = make_entry("message.scheduled", data={"revision": 3, "scheduled_at": "2026-11-23T08:00:00Z"})
    assert audit.sentence(entry, "en", NAMES) == "Mia Laurent scheduled M-1042 for 2026-11-23 08:00 UTC"
    assert audit.sentence(entry, "fr", NAMES) == "Mia Laurent a programmé M-1042 pour le 23/11/2026 08:00 UTC"


def test_what_has_no_name_is_told_by_kind_and_id() -> None:
    assert audit.sentence(make_entry(), "en", {}).startswith("member 0197a000 approved revision 3 of message 0197a000")


@pytest.mark.parametrize("entry", [make_entry("message.eaten"), make_entry(data={"revision": 3})])
def test_forged_entries_are_told_as_unreadable(entry: Entry) -> None:
    assert audit.sentence(entry, "en", NAMES) == "This entry is not in our format"
    assert audit.sentence(entry, "fr", NAMES) == "Cette entrée n’est pas dans notre format"


def test_names_and_values_are_not_read_as_templates() -> None:
    entry = make_entry("access.denied", data={"action": "{actor}", "scope": "{0}", "reason": "{object.__class__}"})
    said = audit.sentence(entry, "en", {f"member:{MIA}": "{scope}"})
    assert said == "{scope} was refused {actor} on message 0197a000: {object.__class__}"


def test_personal_fields_are_split_off() -> None:
    action = audit.MessageApproved(revision=3, digest="0" * 64, approvals=1, required=1, comment="Fine, Mia")
    public, personal = audit.split_fields(action)
    assert personal == {"comment": "Fine, Mia"}
    assert public == {"revision": 3, "digest": "0" * 64, "approvals": 1, "required": 1, "edited": False}


@pytest.mark.parametrize(
    "action",
    [
        audit.MessageApproved(revision=-1, digest="0" * 64, approvals=1, required=1),
        audit.MessageApproved(revision=1, digest="short", approvals=1, required=1),
        audit.MessageApproved(revision=1, digest="0" * 64 + "\n", approvals=1, required=1),
        audit.MessageRejected(revision=1, digest="0" * 64, comment="x" * 2_001),
        audit.MessageExpired(reason="free words, Mia"),
        audit.MessageScheduled(revision=1, scheduled_at=datetime(2026, 11, 22)),
        audit.RevisionScreened(revision=1, decision="block", klass="clean", policy="0" * 64, rules=("LIM-MANY",) * 201),
    ],
)
def test_values_beyond_their_limits_are_refused(action: Recorded) -> None:
    with pytest.raises(BadEntry, match=action.NAME):
        audit.split_fields(action)


def test_subject_of_a_personal_field_is_one_of_the_objects() -> None:
    objects = (EntryObject("grant", str(MESSAGE)), EntryObject("member", str(MIA)))
    assert audit.subject_of("member", objects) == f"member:{MIA}"
    with pytest.raises(BadEntry, match="no contact"):
        audit.subject_of("contact", objects)


@pytest.mark.parametrize(
    ("refs", "change"),
    [
        (51, {}),
        (0, {f"f{n}": Change(1, 2) for n in range(17)}),
        (0, {"topic": Change("", "x" * 1_000)}),
        (0, {"Topic": Change(1, 2)}),
        (0, {"topic\n": Change(1, 2)}),
    ],
)
def test_changes_that_could_make_an_entry_too_long_are_refused(refs: int, change: dict[str, Change]) -> None:
    with pytest.raises(BadEntry):
        audit.check_size([EntryObject("message", str(MESSAGE))] * refs, change)


if __name__ == "__main__":
    pins = msgspec.json.encode({action.NAME: schema_of(action) for action in ACTIONS}, order="sorted")
    SCHEMAS.write_bytes(msgspec.json.format(pins, indent=2) + b"\n")
