"""Write `src/govern/screening/tlds.txt` from IANA's own list, with every name in Unicode.

Run by hand: python tools/make_tlds.py PATH-TO/tlds-alpha-by-domain.txt
"""

import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "govern" / "screening" / "tlds.txt"


def readable(name: str) -> str:
    """Return a top-level domain as people write it."""
    name = name.strip().lower()
    return name[4:].encode().decode("punycode") if name.startswith("xn--") else name


def main(source: Path) -> None:
    first, *names = source.read_text(encoding="ascii").splitlines()
    version = first.removeprefix("# Version ").partition(",")[0]
    lines = [f"# Top-level domains: IANA's list, version {version}.", *sorted(map(readable, names))]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
