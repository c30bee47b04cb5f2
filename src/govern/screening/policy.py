"""Policy files in, one checked, compiled, immutable `Policy` out, with the digest every decision records."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from govern.domain.consent import ConsentRules, parse_rules
from govern.errors import Invalid
from govern.screening import duplicates_file, personal_data_file, promotional_file, x_rules_file
from govern.screening.duplicates import DuplicateRules
from govern.screening.duplicates_file import DuplicatesFile
from govern.screening.permission import PermissionRules
from govern.screening.personal_data.rules import PersonalRules
from govern.screening.personal_data_file import PersonalDataFile
from govern.screening.policy_files import InlineTest
from govern.screening.policy_source import PolicyError, Rules, Source, Text, parse_text
from govern.screening.promotional import PromotionalRules
from govern.screening.promotional_file import PromotionalFile
from govern.screening.terms import Matcher, Matching, Term, matcher, parse_term
from govern.screening.x_rules import XRules
from govern.screening.x_rules_file import XFile

PROMOTIONAL = "screening/promotional.toml"
CONSENT = "consent.toml"
MODELS = "screening/models"
CASES = "screening/cases"

_PROMOTIONAL = Source(
    PROMOTIONAL,
    PromotionalFile,
    promotional_file.faults,
    promotional_file.compiled,
    promotional_file.terms,
    promotional_file.inline_tests,
)
_PERSONAL_DATA = Source(
    "screening/personal_data.toml",
    PersonalDataFile,
    personal_data_file.faults,
    personal_data_file.compiled,
    personal_data_file.terms,
    personal_data_file.inline_tests,
)
_DUPLICATES = Source(
    "screening/duplicates.toml",
    DuplicatesFile,
    duplicates_file.faults,
    duplicates_file.compiled,
    duplicates_file.terms,
    duplicates_file.inline_tests,
)
_X = Source(
    "x.toml",
    XFile,
    x_rules_file.faults,
    x_rules_file.compiled,
    x_rules_file.terms,
    x_rules_file.inline_tests,
)
SOURCES: tuple[Source[Any, Any], ...] = (_PROMOTIONAL, _PERSONAL_DATA, _DUPLICATES, _X)
"""Every family with a file; the order is that of the faults, and of nothing else."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All the rules of screening at one moment. Loaded whole, swapped whole."""

    digest: str
    consent: ConsentRules
    permission: PermissionRules
    promotional: PromotionalRules
    personal_data: PersonalRules
    duplicates: DuplicateRules
    x: XRules
    matcher: Matcher
    tests: Mapping[str, tuple[InlineTest, ...]]
    words: frozenset[str]
    """The words that the files know, for letters that are to be put together again."""


class _Loaded(msgspec.Struct, frozen=True):
    """The files of all families, in their own shapes and without faults."""

    files: Mapping[str, Any]

    def rules(self, source: Source[Any, Rules]) -> Rules:
        rules: Rules = source.compiled(self.files[source.name])
        return rules

    def terms(self) -> Iterator[tuple[str, Term]]:
        return chain.from_iterable(source.terms(self.files[source.name]) for source in SOURCES)

    def tests(self) -> Mapping[str, tuple[InlineTest, ...]]:
        return dict(chain.from_iterable(source.inline_tests(self.files[source.name]).items() for source in SOURCES))


def load_policy(folder: Path, *, matching: Matching = Matching.AUTO) -> Policy:
    """Read the policy files under `folder`; `matching` chooses how terms are found, not which.

    Raises:
        PolicyError: a file is missing, is not TOML, or breaks a rule; every fault of the files is named at once.
    """
    names = (CONSENT, *(source.name for source in SOURCES))
    texts = {name: parse_text(name, _read(folder, name)) for name in names}
    consent = _consent(texts[CONSENT])
    loaded = _Loaded(_checked(texts))
    models = _read_models(folder)
    return Policy(
        digest=digest({name: text.parsed for name, text in texts.items()} | models),
        consent=consent,
        permission=promotional_file.permission_rules(loaded.files[PROMOTIONAL]),
        promotional=loaded.rules(_PROMOTIONAL),
        personal_data=loaded.rules(_PERSONAL_DATA),
        duplicates=loaded.rules(_DUPLICATES),
        x=loaded.rules(_X),
        matcher=matcher(loaded.terms(), matching),
        tests=loaded.tests(),
        words=frozenset(_known_words(loaded)),
    )


def digest(parsed: Mapping[str, object]) -> str:
    """Return `sha256:` over the canonical JSON of parsed files; a comment or a blank changes nothing."""
    canonical = json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + sha256(canonical.encode()).hexdigest()


def _known_words(loaded: _Loaded) -> Iterator[str]:
    for _, term in loaded.terms():
        yield from term.words
    for tests in loaded.tests().values():
        for test in tests:
            yield from parse_term(test.text).words


def _consent(text: Text) -> ConsentRules:
    try:
        return parse_rules(text.text, name=CONSENT)
    except Invalid as error:
        raise PolicyError(reason=error.detail) from error


def _checked(texts: Mapping[str, Text]) -> dict[str, Any]:
    files = {source.name: source.checked(texts[source.name]) for source in SOURCES}
    allowed = frozenset(parse_term(name).words for text in texts.values() for name in text.allowed())
    found = [
        texts[source.name].fault(rule, reason)
        for source in SOURCES
        for rule, reason in source.faults_of(files[source.name], allowed)
    ]
    found += _duplicates(texts)
    if found:
        raise PolicyError(reason="\n".join(dict.fromkeys(found)))
    return files


def _duplicates(texts: Mapping[str, Text]) -> Iterator[str]:
    """Yield the ids that stand twice, in one file or in two: a finding must lead to one rule."""
    first: dict[str, str] = {}
    for text in texts.values():
        for rule in text.ids():
            if rule in first:
                also = "" if first[rule] == text.name else f", the other time in {first[rule]}"
                yield text.fault(rule, f"the id is used twice{also}")
            first.setdefault(rule, text.name)


def read_case_files(folder: Path) -> dict[str, str]:
    """Return the golden cases by file: `cases.py` knows what they mean.

    Raises:
        PolicyError: a file cannot be read.
    """
    names = sorted(f"{CASES}/{path.name}" for path in (folder / CASES).glob("*.jsonl"))
    return {name: _read(folder, name) for name in names}


def _read_models(folder: Path) -> dict[str, object]:
    """Return the files of the models by name; they are data of the policy, so they are part of its digest."""
    names = sorted(f"{MODELS}/{path.name}" for path in (folder / MODELS).glob("*.json"))
    return {name: _json(name, _read(folder, name)) for name in names}


def _json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise PolicyError(reason=f"{name}: {error}") from error


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(reason=f"{name}: cannot be read ({type(error).__name__})") from error
