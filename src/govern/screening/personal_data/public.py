"""What is nobody's personal data: links, handles, hashtags, and the company's own details."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.address import shortest
from govern.screening.personal_data.mail import spelled
from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+|(?<![\w@.-])[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,4}/[^\s<>\"]+"
)
_HANDLE = re.compile(
    r"(?<![^\W_])@[a-z0-9_]{1,30}\b(?!\.[a-z])|(?<![^\W_])#[^\W\d_]+\d{1,4}(?![\w/-])|(?<![^\W_])#\d+[^\W\d_]\w*(?![/-])"
)

_THEIR_PHONE = re.compile(
    r"\b(?:votre|vos|your|ur|le|the|leur|their|du|au) "
    r"(?:standard|hotline|helpline|switchboard|sav|services? clients?|customer services?|call cent(?:er|re)|numero vert)"
    r"(?: (?:au|on|le|is|est|c|c'est|:))?[ :,(]{1,3}$"
)
_HOURS = re.compile(
    r"[ ,(:]{1,3}(?:(?:is|est|reste|stays) )?(?:(?:open|ouverte?) )?(?:du |de |from |until |till |jusqu'a |toute? )?"
    r"(?:(?:lun|mar|mercre|jeu|vendre|same)di\b|dimanche\b|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:lun|mar|mer|jeu|ven|mon|tue|wed|thu)-|"
    r"7 ?j\b|24 ?h\b|24/7|\d{1,2} ?h\b|\d{1,2}(?:[:.]\d\d)? ?[ap]m\b)"
)
_TO_SOMEBODY = re.compile(r"\b(?:vous|votre|you|your|him|her|lui|son|sa)\b")
_CEDEX = re.compile(r"\bcedex\b")
"""Only companies and offices have their post delivered so."""
_NAME_END = re.compile(r"[._+-]")
_GROUP = re.compile(r"[^\W_]+")


def not_data(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield the stretches that no finder may claim."""
    if "/" in reading.text or "www." in reading.text:
        yield from (match.span() for match in _URL.finditer(reading.text))
    if "@" in reading.text or "#" in reading.text:
        yield from (match.span() for match in _HANDLE.finditer(reading.text))


def is_public(reading: Reading, claim: Claim) -> bool:
    """Tell whether something that was found is the company's own, so that it may stand anywhere."""
    text = reading.text[claim.start : claim.end]
    match claim.type:
        case Type.EMAIL:
            name, _, domain = spelled(text).partition("@")
            first = _NAME_END.split(name, maxsplit=1)[0]
            public = reading.rules.public
            return (
                f"{name}@{domain}" in public.emails
                or domain in public.domains
                or name in public.mailboxes
                or first in public.mailboxes
            )
        case Type.IBAN:
            return "".join(_GROUP.findall(text)) in reading.rules.public.ibans
        case Type.PHONE:
            before = reading.text[max(0, claim.start - 40) : claim.start]
            return _THEIR_PHONE.search(before) is not None or (
                reading.is_ours and reading_says_own_phone(reading, claim)
            )
        case Type.ADDRESS:
            return _CEDEX.search(text) is not None or shortest(text) in reading.rules.public.addresses
        case _:
            return False


def reading_says_own_phone(reading: Reading, claim: Claim) -> bool:
    """Tell whether the words right before a number offer it to everybody: "call us on"."""
    first = reading.at(claim.start)
    last = reading.at(claim.end) - 1
    before = reading.text[max(0, claim.start - 30) : claim.start]
    if _HOURS.match(reading.text, claim.end) and not _TO_SOMEBODY.search(before):
        return True
    said = (near for near in reading.before(first, 8) if near.words not in {Words.BOOKING, Words.OTHER})
    nearest = next(said, None)
    behind = any(near.words is Words.OWN_PHONE for near in reading.behind(last, 5))
    return behind or (nearest is not None and nearest.words is Words.OWN_PHONE)
