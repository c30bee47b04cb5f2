"""What is nobody's personal data: links, handles, hashtags, and the company's own details."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.address import shortest
from govern.screening.personal_data.mail import spelled
from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import PersonalRules, Type, Words

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+|(?<![\w@.-])[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,4}/[^\s<>\"]+")
_HANDLE = re.compile(r"(?<![^\W_])@[a-z0-9_]{1,30}\b(?!\.[a-z])|(?<![^\W_])#[^\W\d_]+\d+(?![\w/-])|(?<![^\W_])#\d+[^\W\d_]\w*(?![/-])")


def not_data(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield the stretches that no finder may claim."""
    for shape in (_URL, _HANDLE):
        for match in shape.finditer(reading.text):
            yield match.span()


def is_public(reading: Reading, claim: Claim, rules: PersonalRules, *, is_ours: bool) -> bool:
    """Tell whether something that was found is the company's own, so that it may stand anywhere."""
    text = reading.text[claim.start : claim.end]
    match claim.type:
        case Type.EMAIL:
            name, _, domain = spelled(text).partition("@")
            first = re.split(r"[._+-]", name)[0]
            public = rules.public
            return f"{name}@{domain}" in public.emails or domain in public.domains or name in public.mailboxes or first in public.mailboxes
        case Type.IBAN:
            return "".join(re.findall(r"[^\W_]+", text)) in rules.public.ibans
        case Type.PHONE:
            return is_ours and reading_says_own_phone(reading, claim)
        case Type.ADDRESS:
            return shortest(text) in rules.public.addresses
    return False


def reading_says_own_phone(reading: Reading, claim: Claim) -> bool:
    """Tell whether the words right before a number offer it to everybody: "call us on"."""
    nearest = next(reading.before(reading.at(claim.start), 3), None)
    return nearest is not None and nearest.words is Words.OWN_PHONE
