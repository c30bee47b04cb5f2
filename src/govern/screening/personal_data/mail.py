"""E-mail addresses, also those written out so that machines would not see them."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type
from govern.screening.personal_data.vocabulary import words

MAX_LOCAL = 64  # RFC 5321
MAX_LABELS = 10

# An at sign, or what people write for it: "(at)", "[arobase]", " at ".
_AT = re.compile(r"[ ]?[\[({<]? ?(?:@|\b(?:at|chez|arobase?|arrobase?|arobace)\b) ?[\])}>]? ?")
_AT_WORDS = words("at chez arobas arobase arrobas arrobase arobace")
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._%+'-")
_WRITTEN_DOT = r"(?: ?[\[({] ?(?:dot|point|\.) ?[\])}] ?| (?:dot|point|\.) )"
_LOCAL_DOT = re.compile(r"([a-z0-9_+-]+)(?:" + _WRITTEN_DOT + r"| (?:underscore|tiret|dash|hyphen|tiret du bas) )$")
_DOT = re.compile(r"\.(?=[^\W_])|" + _WRITTEN_DOT + r"| \.(?=[a-z])|\. (?=(?:com|fr|org|net|co|uk|example)\b)")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,62})")
_TLD = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}")
# Where people have their mailboxes: "at" before one of these is meant as a sign even where nothing else says so.
_PROVIDERS = words(
    "gmail googlemail yahoo ymail hotmail outlook live msn orange wanadoo free sfr laposte bbox icloud me mac proton protonmail "
    "gmx aol neuf numericable videotron bell sympatico btinternet sky virginmedia talktalk skynet bluewin mail yandex"
)

_NOT_NAMES = words("in me am is look looking us up on here available over account page login")

_WRITTEN_ENDS = words("com fr net org be ch ca eu lu uk ie de es it us io info example test invalid")
_NO_DOMAINS = words("this that some which the what one any a")


def find_emails(reading: Reading) -> Iterator[Claim]:
    """Yield e-mail addresses: a name, an at sign in any writing, a domain with a dot."""
    if "@" not in reading.text and _AT_WORDS.isdisjoint(reading.texts):
        return
    for at in _AT.finditer(reading.text):
        start = _local_start(reading.text, at.start())
        domain = _domain(reading.text, at.end())
        if start is None or domain is None:
            continue
        end, labels, is_written = domain
        if _is_meant(reading.text[start : at.start()], at[0], labels, is_written=is_written):
            yield Claim(start, end, Type.EMAIL)


def spelled(address: str) -> str:
    """Return an address without the ways of writing it: `jean [at] mail (dot) example` as `jean@mail.example`."""
    plain = re.sub(r"[\[({<]? ?(?:\b(?:at|chez|arobase?|arrobase?|arobace)\b|@) ?[\])}>]?", "@", address, count=1)
    plain = re.sub(_WRITTEN_DOT, ".", plain)
    return plain.replace(" ", "")


def _local_start(text: str, end: int) -> int | None:
    start = _run_start(text, end)
    if start == end:
        return None
    for _ in range(3):  # "jean (dot) dupont", "jean point dupont"
        dotted = _LOCAL_DOT.search(text, max(0, start - MAX_LOCAL), start)
        if not dotted:
            break
        start = dotted.start()
    while start < end and text[start] in ".'-%+":
        start += 1
    if start == end or (start and text[start - 1] == "@"):
        return None
    return start


def _run_start(text: str, end: int) -> int:
    start, least = end, max(0, end - MAX_LOCAL)
    while start > least and (
        text[start - 1] in _LOCAL or (not text[start - 1].isascii() and text[start - 1].isalpha())
    ):
        start -= 1
    return start


def _domain(text: str, start: int) -> tuple[int, list[str], bool] | None:
    """Return where a dotted domain ends that starts here, its labels, and whether a dot is written out."""
    labels: list[str] = []
    at, end, written = start, None, False
    while len(labels) < MAX_LABELS and (label := _LABEL.match(text, at)):
        name = label[0].rstrip("-_")
        labels.append(name)
        if len(labels) > 1 and _TLD.fullmatch(name):
            end = at + len(name)
        dot = _DOT.match(text, at + len(name))
        if not dot:
            break
        if dot[0] != "." and len(labels) > 1 and end:
            following = _LABEL.match(text, dot.end())
            if dot[0].strip() == "." or not following or len(following[0]) > 3:
                break  # "... point fr point merci"
        written = written or dot[0] != "."
        at = dot.end()
    return (end, labels, written) if end else None


def _is_meant(local: str, at: str, labels: list[str], *, is_written: bool) -> bool:
    sign = at.strip()
    if sign == "@":
        return not (at.startswith(" ") and not at.endswith(" "))  # "merci @brand.example" names somebody
    if sign[0] in "[({<" or sign not in {"at", "chez"}:
        return True
    if is_written:
        return labels[-1] in _WRITTEN_ENDS and labels[0] not in _NO_DOMAINS
    if sign == "chez":
        return False  # "commande chez amazon.example"
    return bool(set(local) & set("._0123456789")) or (labels[0] in _PROVIDERS and local not in _NOT_NAMES)
