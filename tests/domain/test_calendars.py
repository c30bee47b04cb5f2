import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.calendars import MAX_BYTES, MAX_LINES, BadCalendar, Calendar, Form, read_calendar


def read_csv(text: str) -> Calendar:
    return read_calendar(text.encode(), Form.CSV)


def read_jsonl(text: str) -> Calendar:
    return read_calendar(text.encode(), Form.JSONL)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_is_read_however_the_spreadsheet_wrote_it(mark: str, separator: str, ending: str) -> None:
    rows = [["Account", " kind", "TEXT"], ["@Help", "post ", '"One, two; ""three"""']]
    calendar = read_csv(mark + ending.join(separator.join(row) for row in rows) + ending)
    assert [line.cells for line in calendar.lines] == [
        {"account": "@Help", "kind": "post", "text": 'One, two; "three"'}
    ]
    assert calendar.faults == ()


def test_a_line_is_numbered_where_it_begins() -> None:
    calendar = read_csv('account,kind,text\n\nHelp,post,"one\r\ntwo\u2028three"\n,,\nNews,post,four\n')
    assert [(line.number, line.cell("text")) for line in calendar.lines] == [(3, "one\ntwo\u2028three"), (6, "four")]


def test_empty_columns_at_the_end_are_no_fault() -> None:
    calendar = read_csv("account;kind;text;;\nHelp;post;x;;\n")
    assert (len(calendar.lines), calendar.faults) == (1, ())


def test_an_empty_cell_is_absent() -> None:
    assert read_csv("account,kind,text,zone\nHelp,post,x, \n").lines[0].cells == {
        "account": "Help",
        "kind": "post",
        "text": "x",
    }


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("account,kind,text\nHelp,post\n", 2, "2 cells, the first line has 3"),
        ("account,kind,text\nHelp,post,Hello, world\n", 2, "put quotes around a text with commas"),
        ('account,kind,text\nHelp,post,fine\nHelp,post,"open\nNews,post,x\n', 3, "This is not CSV"),
        ('account,kind,text\nHelp,post,"a" b\n', 2, "This is not CSV"),
    ],
)
def test_csv_line_that_cannot_be_read_is_a_fault_of_its_own(text: str, line: int, reason: str) -> None:
    fault = read_csv(text).faults[-1]
    assert fault.line == line
    assert reason in fault.reason


def test_json_lines_are_read() -> None:
    calendar = read_jsonl('\ufeff{"account":"Help","kind":"post","text":" x "}\r\n\n{"text":"y","zone":null}\n')
    assert [(line.number, line.cells) for line in calendar.lines] == [
        (1, {"account": "Help", "kind": "post", "text": " x "}),
        (3, {"text": "y"}),
    ]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('{"account":', "import.malformed", None),
        ("[1]", "import.malformed", None),
        ("[" * 5_000, "import.malformed", None),
        ('{"text":"\\ud800"}', "import.malformed", None),
        ('{"text":5}', "import.not_text", "text"),
        ('{"in_reply_to":1234567890123456789}', "import.not_text", "in_reply_to"),
        ('{"Text":"x"}', "import.unknown_column", "Text"),
    ],
)
def test_faulty_json_line_says_what_and_where(line: str, code: str, column: str | None) -> None:
    calendar = read_jsonl('{"text":"fine"}\n' + line)
    assert len(calendar.lines) == 1
    assert [(fault.line, fault.code, fault.column) for fault in calendar.faults] == [(2, code, column)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no messages"),
        (b" \n\n", "no messages"),
        (b"account,kind,text\n", "no messages"),
        (b"account,kind\n", "missing are text"),
        (b"account,kind,text,colour\n", "unknown are colour"),
        (b"account,kind,text,,zone\n", "unknown are (empty)"),
        (b"account,kind,text,text\n", "twice"),
        ("account,kind,text\nHelp,post,é".encode("latin-1"), "not UTF-8"),
        ("account,kind,text".encode("utf-16"), "not UTF-8"),
        (b"account,kind,text\n" + b"Help,post,x\n" * (MAX_LINES + 1), "over 10,000 messages"),
        (b"x" * (MAX_BYTES + 1), "over 10 MB"),
    ],
)
def test_file_as_a_whole_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadCalendar) as caught:
        read_calendar(data, Form.CSV)
    assert reason in caught.value.detail


def test_digest_is_of_the_bytes() -> None:
    once, again = (read_csv("account,kind,text\nHelp,post,x") for _ in range(2))
    assert once.digest == again.digest != read_csv("account,kind,text\nHelp,post,x\n").digest


@given(st.binary(max_size=300), st.sampled_from(Form))
def test_no_bytes_break_the_reader(data: bytes, form: Form) -> None:
    try:
        calendar = read_calendar(b"account,kind,text\n" * (form is Form.CSV) + data, form)
    except BadCalendar:
        return
    assert calendar.lines or calendar.faults
