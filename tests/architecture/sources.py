"""The files that the rules are about."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ESCAPE = re.compile(r"# lint: allow (?P<rule>[a-z-]+): (?P<reason>\S.*)")


class Source:
    """One Python file: its path from the root of the project, its text and its syntax tree."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def escapes(self) -> dict[int, str]:
        """The rule that each line is excused from."""
        return {
            token.start[0]: found["rule"]
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline)
            if token.type == tokenize.COMMENT and (found := _ESCAPE.match(token.string))
        }

    def within(self, *places: str) -> bool:
        """Tell whether it is one of these modules, or inside one of these packages, of `src/govern`."""
        inner = self.path.removeprefix("src/govern/").removesuffix(".py")
        return inner != self.path and any(inner == place or inner.startswith(f"{place}/") for place in places)

    @property
    def ours(self) -> bool:
        return self.path.startswith("src/govern/")

    @property
    def test(self) -> bool:
        return self.path.startswith("tests/")


def python_files(*folders: str) -> list[Source]:
    """Read every Python file below these folders of the project."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def committed_files() -> Iterator[Path]:
    """Give what is in the repository or would be added to it; without git, what is in the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        hidden = {".git", ".venv", ".govern"}
        found = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    else:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    yield from (path for path in sorted(found) if path.is_file())
