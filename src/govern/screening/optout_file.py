"""The shape of `optout.toml`: classes of words, and rules of phrases over them; faults name the rule and the reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Annotated, Literal

import msgspec

from govern.screening.findings import Advice, Decision, Message, OptOut
from govern.screening.normalise import fold
from govern.screening.optout import ModelRule, OptOutRules, Rule
from govern.screening.phrases import Phrase, Vocabulary, entry_words, literals, parse_phrase
from govern.screening.policy_files import MIN_STEM, InlineTest, RuleId, Strict, language_faults
from govern.screening.spelling import MIN_LETTERS, Spelling
from govern.screening.terms import Term

FILLER = "filler"

ByLanguage = dict[str, tuple[str, ...]]


class SpellingTable(Strict, frozen=True):
    """Words to be read through slips of the pen, and words that only look like one of them."""

    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class RuleTable(Strict, frozen=True):
    """One rule as it is written. See `optout.Rule`."""

    id: RuleId
    optout: Literal["yes", "doubtful"]
    message: Message
    test: tuple[InlineTest, ...]
    phrases: ByLanguage
    whole: bool = False
    alone: bool = False
    unless: tuple[str, ...] = ()
    anywhere: bool = False
    doubtful_if: tuple[str, ...] = ()
    loose: bool = False
    asks: bool = False
    decision: Literal["allow", "advise"] | None = None
    advice: Advice | None = None


class ModelTable(Strict, frozen=True):
    """From how many hundredths on the model's opinion counts. See `optout.ModelRule`."""

    id: RuleId
    doubtful: Annotated[int, msgspec.Meta(ge=0, le=100)]
    doubtful_beside_service: Annotated[int, msgspec.Meta(ge=0, le=100)]
    certain: Annotated[int, msgspec.Meta(ge=50, le=101)]
    uncertain: Annotated[int, msgspec.Meta(ge=0, le=50)]
    unheard: Annotated[int, msgspec.Meta(ge=0, le=50)]
    message: Message


class OptOutFile(Strict, frozen=True):
    """The whole of `optout.toml`."""

    version: int
    silent: ByLanguage
    words: dict[str, ByLanguage]
    spelling: SpellingTable
    service: tuple[str, ...]
    ask: Advice
    model: ModelTable
    rule: tuple[RuleTable, ...] = ()


def faults(file: OptOutFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    for rule, count in Counter([*(table.id for table in file.rule), file.model.id]).items():
        if count > 1:
            yield rule, "the id is used twice"
    yield from _word_faults(file)
    for phrase in file.service:
        yield from (("service", reason) for reason in _phrase_faults(phrase, file))
    for table in file.rule:
        yield from ((table.id, reason) for reason in _rule_faults(table, file))


def compiled(file: OptOutFile) -> OptOutRules:
    """Return the rules ready for use; the file must be without faults."""
    silent = _silent(file)
    rules = tuple(_rule(table, file, silent) for table in file.rule)
    service = _phrases(file.service, silent)
    phrases = chain(service, *((*rule.phrases, *rule.unless, *rule.doubtful_if) for rule in rules))
    named = ((name, _spoken(entry, silent)) for name, entry in _entries(file))
    spelling = Spelling(map(_folded, file.spelling.words), never=map(_folded, file.spelling.never))
    return OptOutRules(
        version=file.version,
        vocabulary=Vocabulary(
            dict.fromkeys(chain(named, chain.from_iterable(map(literals, phrases)))),
            silent=silent,
            spelling=spelling,
        ),
        filler=FILLER,
        service=service,
        rules=rules,
        model=ModelRule(
            id=file.model.id,
            doubtful=file.model.doubtful,
            doubtful_beside_service=file.model.doubtful_beside_service,
            certain=file.model.certain,
            uncertain=file.model.uncertain,
            unheard=file.model.unheard,
            message=file.model.message,
            advice=file.ask,
        ),
    )


def terms(_file: OptOutFile) -> Iterator[tuple[str, Term]]:
    """Yield nothing: phrases need the words between them, and words as short as "ne", which no term may be."""
    yield from ()


def inline_tests(file: OptOutFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests of every rule."""
    return {table.id: table.test for table in file.rule}


def _rule(table: RuleTable, file: OptOutFile, silent: frozenset[str]) -> Rule:
    optout = OptOut(table.optout)
    asks = optout is OptOut.DOUBTFUL
    return Rule(
        id=table.id,
        version=file.version,
        optout=optout,
        whole=table.whole,
        alone=table.alone,
        phrases=_phrases(chain.from_iterable(table.phrases.values()), silent),
        unless=_phrases(table.unless, silent),
        anywhere=table.anywhere,
        doubtful_if=_phrases(table.doubtful_if, silent),
        loose=table.loose,
        asks=table.asks,
        decision=Decision(table.decision or ("advise" if asks else "allow")),
        message=table.message,
        advice=table.advice or (file.ask if asks else None),
        ask=file.ask,
    )


def _silent(file: OptOutFile) -> frozenset[str]:
    return frozenset(map(_folded, chain.from_iterable(file.silent.values())))


def _spoken(source: str, silent: frozenset[str]) -> str:
    """Leave out the words that are left out of texts, too: nobody who writes a phrase has to know them."""
    return " ".join(part for part in _folded(source).replace("'", " ").split() if part not in silent)


def _phrases(sources: Iterable[str], silent: frozenset[str]) -> tuple[Phrase, ...]:
    return tuple(parse_phrase(_spoken(source, silent)) for source in sources)


def _entries(file: OptOutFile) -> Iterator[tuple[str, str]]:
    return ((name, entry) for name, table in file.words.items() for entry in chain.from_iterable(table.values()))


def _word_faults(file: OptOutFile) -> Iterator[tuple[str, str]]:
    if FILLER not in file.words:
        yield "words", f"the class {FILLER!r} is missing"
    for name, table in file.words.items():
        yield from ((f"words.{name}", reason) for reason in language_faults(table))
    silent = _silent(file)
    for name, entry in _entries(file):
        words = entry_words(_spoken(entry, silent))
        if not words:
            yield f"words.{name}", f"the entry {entry!r} has no word that is read"
        elif any(map(_is_short_stem, words)):
            yield f"words.{name}", f"a stem of {entry!r} has fewer than {MIN_STEM} letters"
    for word in file.spelling.words:
        if len(_folded(word)) < MIN_LETTERS:
            yield "spelling", f"{word!r} is too short to be guessed at"


def _rule_faults(table: RuleTable, file: OptOutFile) -> Iterator[str]:
    yield from language_faults(table.phrases)
    if not table.phrases:
        yield "it has no phrases"
    for phrase in chain(*table.phrases.values(), table.unless, table.doubtful_if):
        yield from _phrase_faults(phrase, file)


def _phrase_faults(source: str, file: OptOutFile) -> Iterator[str]:
    try:
        phrase = parse_phrase(_spoken(source, _silent(file)))
    except ValueError as error:
        yield f"{source!r}: {error}"
        return
    for element in phrase.elements:
        literal = element.name.startswith("=")
        if not literal and element.name not in file.words:
            yield f"{source!r}: there is no class {element.name!r}"
        if literal and _is_short_stem(element.name[1:]):
            yield f"{source!r}: a stem has fewer than {MIN_STEM} letters"


def _is_short_stem(word: str) -> bool:
    return word.endswith("*") and len(word) <= MIN_STEM


def _folded(word: str) -> str:
    return fold(word).text
