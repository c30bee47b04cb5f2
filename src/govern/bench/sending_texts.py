"""Texts for messages that are to be told apart: by a reader, by screening's search for near duplicates, and by X."""

import random

_FIRST = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo", "ke", "jo")
_LAST = ("lan", "mer", "nis", "por", "rud", "sel", "tam", "vik", "dol", "gan")
WORDS = 12


def make_text(rng: random.Random, number: int) -> str:
    """Return a text that no other number has, nor anything like it."""
    words = " ".join(_word(rng) for _ in range(WORDS))
    return f"{words.capitalize()}. No. {number}"


def _word(rng: random.Random) -> str:
    """Return a word in small letters: names and numbers do not tell two texts apart for screening."""
    return rng.choice(_FIRST) + rng.choice(_FIRST) + rng.choice(_LAST)
