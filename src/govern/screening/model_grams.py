"""What the second opinion sees of a text: words, letters, ideas and shape of each folded sentence."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import combinations, pairwise
from typing import NamedTuple

from govern.screening.findings import Span

MIN_SENTENCE = 25
"""A shorter sentence counts with the one before it: "Yes." alone says nothing."""
MIN_STEM = 3
MAX_WORD = 24
"""How many letters of a word are looked at for stems of ideas."""
LETTERS = (3, 4, 5)

_SENTENCE_END = re.compile(r"""[.!?;:…]+(?=[\s"'»”)]|$)|\n""")
TOKEN = re.compile(r"[^\W_]+|[€$£%!?]")
_DIGITS = str.maketrans("123456789", "000000000")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")
_LENGTHS = (4, 7, 11, 17, 25, 40, 60)

Ideas = Callable[[str], tuple[str, ...]]
"""Names the ideas a word stands for."""


class Grams(NamedTuple):
    """The distinct n-grams of one stretch of text, by kind: one or two words, three to five letters, one or two ideas."""

    word: frozenset[str]
    letter: frozenset[str]
    idea: frozenset[str]


def idea_lookup(ideas: Mapping[str, Iterable[str]]) -> Ideas:
    """Return a function that names the ideas a word stands for; a word that ends in `*` takes any ending."""
    whole: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    for idea, words in ideas.items():
        for word in words:
            (stems if word.endswith("*") else whole).setdefault(word.removesuffix("*"), set()).add(idea)
    return lru_cache(maxsize=8192)(partial(_ideas_of, whole, stems))


def _ideas_of(whole: Mapping[str, set[str]], stems: Mapping[str, set[str]], word: str) -> tuple[str, ...]:
    found = set(whole.get(word, ()))
    for length in range(MIN_STEM, min(len(word), MAX_WORD) + 1):
        found |= stems.get(word[:length], set())
    return tuple(sorted(found))


def sentences(text: str) -> list[Span]:
    """Return where sentences start and end in a folded text; a text of blanks has none."""
    found: list[Span] = []
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if not text[start:end].strip():
            continue
        if found and min(end - start, found[-1][1] - found[-1][0]) < MIN_SENTENCE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        start = end
    return found


def plain(sentence: str) -> str:
    """Return a sentence of a folded text with every digit as 0: what a price is does not depend on how high it is."""
    return sentence.translate(_DIGITS)


def grams_of(sentence: str, ideas_of: Ideas) -> Grams:
    """Return the n-grams of one sentence of a folded text."""
    zeros = plain(sentence)
    tokens = TOKEN.findall(zeros)
    padded = f" {zeros.strip()} "
    ideas = sorted({idea for token in tokens for idea in ideas_of(token)})
    return Grams(
        word=frozenset((*tokens, *map(" ".join, pairwise(tokens)), *_shape(zeros, tokens))),
        letter=frozenset(padded[at : at + size] for size in LETTERS for at in range(len(padded) - size + 1)),
        idea=frozenset((*ideas, *map("+".join, combinations(ideas, 2)))),
    )


def united(parts: Iterable[Grams]) -> Grams:
    """Return the n-grams of several sentences together."""
    words, letters, ideas = zip(*parts, strict=True)
    return Grams(frozenset().union(*words), frozenset().union(*letters), frozenset().union(*ideas))


def _shape(zeros: str, tokens: list[str]) -> Iterator[str]:
    """Name what a sentence looks like; the names cannot be mistaken for words."""
    yield f"<length {bisect_right(_LENGTHS, len(tokens))}>"
    if zeros.rstrip().endswith("?"):
        yield "<question>"
    if not zeros.isascii() and _EMOJI.search(zeros):
        yield "<emoji>"
    if tokens:
        yield f"<first> {tokens[0]}"
