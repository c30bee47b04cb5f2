"""Findings in what is said of an image: the same as in a text, but for where they stand."""

from collections.abc import Iterable

import msgspec

from govern.screening.findings import Advice, Decision, Finding, Message

REWRITE = "rewrite_alt_text"
"""The code of every advice here: what mends a text would change the wrong one."""


def in_alt_text(findings: Iterable[Finding], position: int) -> list[Finding]:
    """Return findings as they are said of the alt text of one image: each rule once, and no place in the text itself.

    What asks for nothing is left out: it would explain another text's points.
    """
    asking = [found for found in findings if found.decision is not Decision.ALLOW]
    said = {(found.rule, found.decision): found for found in reversed(asking)}
    return [
        msgspec.structs.replace(
            found,
            span=None,
            via=None,
            message=_placed(found.message, position),
            advice=found.advice and Advice(REWRITE, found.advice.en, found.advice.fr),
        )
        for found in reversed(said.values())
    ]


def _placed(said: Message, position: int) -> Message:
    return Message(
        f"Alt text of image {position}: {said.en}",
        f"Texte alternatif de l'image {position} : {said.fr}",
    )
