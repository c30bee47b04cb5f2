"""What no file of this repository says: where a package comes from, whose machine this is, what is still to do."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, committed_files

# Written in parts, so that this file passes its own test.
HOSTS = ("pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "test.py" + "pi")
PLACES = ("/wo" + "rk/", "/roo" + "t/", "/ho" + "me/", "/Us" + "ers/")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
VENDORED = ("admin/static/vendor/", "LICENSE")


def texts() -> dict[str, str]:
    found = {}
    for path in committed_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(VENDORED) and (text := _text(path)) is not None:
            found[name] = text
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


TEXTS = texts()


def test_the_files_are_read() -> None:
    assert {"pyproject.toml", "requirements.lock", "src/govern/errors.py", "tests/conftest.py"} <= TEXTS.keys()


@pytest.mark.parametrize("word", HOSTS)
def test_no_file_names_a_package_registry(word: str) -> None:
    assert [name for name, text in TEXTS.items() if word in text] == []


@pytest.mark.parametrize("word", PLACES)
def test_no_file_names_a_folder_of_some_machine(word: str) -> None:
    assert [name for name, text in TEXTS.items() if word in text] == []


def test_nothing_is_left_to_do() -> None:
    assert [name for name, text in TEXTS.items() if UNFINISHED.search(text)] == []


@pytest.mark.parametrize("line", ["# " + "TO" + "DO: later", "FIX" + "ME", "x = 1  # XX" + "X"])
def test_a_note_to_oneself_is_found(line: str) -> None:
    assert UNFINISHED.search(line)
