"""In which of our two languages somebody writes, as far as short texts tell. Pure."""

import re
from collections.abc import Iterable

_FRENCH_WORDS = (
    "le la les un une des du au aux et ou est sont pas ne plus je tu il elle nous vous ils mon ma mes votre vos ce cet "
    "cette que qui quoi pour avec sur dans bonjour merci svp arretez arrêtez oui non suis ai avez"
)
_ENGLISH_WORDS = (
    "the an and or is are not no my your this that what where when who for with in to of it i you we they do does "
    "did have has please hello hi thanks am was were"
)
_FRENCH, _ENGLISH = frozenset(_FRENCH_WORDS.split()), frozenset(_ENGLISH_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")
_ACCENT = re.compile("[àâçéèêëîïôûùœ]", re.IGNORECASE)


def likely_language(texts: Iterable[str]) -> str | None:
    """Return `fr` or `en` by the small words and accents of the texts; None where they tell nothing."""
    french = english = 0
    for text in texts:
        words = [word.lower() for word in _WORD.findall(text[:2_000])]
        french += sum(word in _FRENCH or bool(_ACCENT.search(word)) for word in words)
        english += sum(word in _ENGLISH for word in words)
    if french == english:
        return None
    return "fr" if french > english else "en"
