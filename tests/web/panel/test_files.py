"""What the pages are made of: files of others, icons, addresses, words."""

import gzip
import re
import runpy
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from litestar import Litestar

from govern.settings import shipped
from govern.web.panel.assets import asset, assets
from tests.web.conftest import program

ADMIN = shipped("admin")
PANEL = Path(__file__).resolve().parents[3] / "src" / "govern" / "web" / "panel"
TEMPLATES = sorted((ADMIN / "templates").rglob("*.html"))
# Words that are names, marks or examples, the same in every language.
SAME_EVERYWHERE = {
    "govern",
    "X",
    "English",
    "Français",
    "M-",
    "r",
    "u",
    "c",
    "e",
    "a",
    "K",
    "J",
    "A",
    "C",
    "E",
    "R",
    "U",
}


def test_files_of_others_are_the_ones_we_listed() -> None:
    vendor = runpy.run_path(str(ADMIN.parent / "scripts" / "vendor.py"))
    assert vendor["faults"]() == []


def test_vendor_file_names_no_host() -> None:
    assert "://" not in (ADMIN / "vendor.toml").read_text()


def test_sprite_holds_the_icons_in_use_and_no_other() -> None:
    sprite = (ADMIN / "static" / "icons" / "sprite.svg").read_text()
    there = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))
    text = "".join(path.read_text() for path in [*TEMPLATES, *PANEL.glob("*.py")])
    assert set(re.findall(r'icon\("([a-z0-9-]+)"', text)) <= there
    assert {name for name in there if not re.search(rf"[\"']{name}[\"']", text)} == set()


async def test_static_file_is_kept_forever_and_only_under_its_digest(app: Litestar) -> None:
    async with program(app) as client:
        for name in assets().files:
            answer = await client.get(asset(name))
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        assert (await client.get("/admin/static/0000000000000000/css/base.css")).status_code == 404
        assert (await client.get(f"/admin/static/{assets().digest}/../vendor.toml")).status_code == 404
        assert (await client.get(f"/admin/static/{assets().digest}/css/none.css")).status_code == 404


def test_what_a_first_visit_loads_is_small() -> None:
    sizes = {name: len(gzip.compress(content)) for name, content in assets().files.items()}
    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    styles = sum(size for name, size in sizes.items() if name.endswith(".css"))
    assert scripts < 32_000
    assert styles < 12_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_template_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text)
    if path.parent.name != "macros":
        assert "hx-" not in text, "hx-* attributes are written by macros/htmx.html alone"
        assert "|safe" not in text


class Words(HTMLParser):
    """Collects what a reader would see that is no expression."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        # A macro that writes attributes stands outside of tags.
        spoken = re.sub(r'[\w:-]+="[^"]*"', " ", data)
        self.found += re.findall(r"[A-Za-zÀ-ÿ][\w’'-]*", spoken)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"aria-label", "placeholder", "title", "alt"} and value:
                self.handle_data(value)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.DOTALL)
    reader = Words()
    reader.feed(text)
    assert [word for word in reader.found if word not in SAME_EVERYWHERE] == []


def sentences() -> Iterator[str]:
    options = {"**.html": {"newstyle_gettext": "true"}}
    for _file, _line, message, _comments, _context in extract_from_dir(
        str(ADMIN / "templates"), method_map=[("**.html", "jinja2")], options_map=options
    ):
        yield message if isinstance(message, str) else message[0]


def test_sentences_are_found_for_translation() -> None:
    found = set(sentences())
    assert {"Sign in", "Approve", "Skip to content"} <= found
    assert len(found) > 200
