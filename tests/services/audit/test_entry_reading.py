"""The fast reading of entries takes nothing that the slow one refuses, and knows the same format."""

import msgspec
import pytest

from govern.domain import audit
from govern.domain.audit import Entry
from govern.services.audit import entry_reading as strict
from govern.services.audit.entry_reading import read_slowly, read_strictly

TEXT = (
    '{"action":"system.started","actor":{"id":"system:test","kind":"system","via":"job"},'
    '"at":"2026-11-22T13:29:07.412000Z","change":{"state":{"after":"b","before":null}},"commit":{},'
    '"ctx":{"govern":"0.1.0"},"data":{"count":1,"list":["a",{"b":true}]},"id":"01a20357-9080-72ce-90b9-67416d6e6069",'
    '"log":"govern.local/audit","object":{"id":"test","kind":"system"},"outcome":"done","refs":[],"scope":"company","v":1}'
)


@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (strict.StrictEntry, Entry),
        (strict.StrictActor, audit.ActorRef),
        (strict.StrictObject, audit.EntryObject),
        (strict.StrictGranted, audit.Granted),
        (strict.StrictContext, audit.Context),
        (strict.StrictChange, audit.Change),
    ],
)
def test_both_know_the_same_fields_and_the_fast_one_in_the_order_of_canonical_text(
    fast: type[msgspec.Struct], slow: type[msgspec.Struct]
) -> None:
    said = [(field.encode_name, field.required) for field in msgspec.structs.fields(fast)]
    assert said == sorted((field.encode_name, field.required) for field in msgspec.structs.fields(slow))
    assert fast.__struct_config__.omit_defaults == slow.__struct_config__.omit_defaults


def test_plain_entry_is_read_at_once() -> None:
    entry = read_strictly(TEXT.encode())
    assert entry is not None
    assert entry.data == {"count": 1, "list": ["a", {"b": True}]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"count":1', '"count":1.5'),
        ('"count":1', '"count":9007199254740992'),
        ('"count":1', '"count": 1'),
        ('"count":1', '"Count":1'),
        ('"count":1', '"z":1'),
        ('"count":1', '"count":1,"count":1'),
        ('["a",{"b":true}]', "[[[[[[[[]]]]]]]]"),
        ('{"b":true}', '{"b":true,"a":1}'),
        ('"test"', '"t\\u0000est"'),
        ('"test"', '"t\\u0065st"'),
        ('"v":1}', '"v":1,"w":1}'),
        ('"govern":"0.1.0"', '"govern":"0.1.0","size":0.5'),
        ("T13:29", "T25:29"),
        ("T13:29", " 13:29"),
        ("01a20357-", "01A20357-"),
        ('"commit":{}', '"commit":{"b":"x","a":"y"}'),
        ('"before":null', '"before":1e3'),
        ('"outcome":"done"', '"outcome":"perhaps"'),
    ],
)
def test_what_is_not_canonical_or_not_ours_is_not_read_at_once(old: str, new: str) -> None:
    assert old in TEXT
    assert read_strictly(TEXT.replace(old, new, 1).encode()) is None


@pytest.mark.parametrize("old", ['"count":1,', '"refs":[],', '"data":{'])
def test_what_the_fast_reading_leaves_is_judged_by_the_slow_one(old: str) -> None:
    text = TEXT.replace(old, {'"data":{': '"data":{"a":"\\n",'}.get(old, ""), 1)
    assert isinstance(read_slowly(text.encode()), Entry)
    assert isinstance(read_slowly(text.replace(":", " :", 1).encode()), str)
