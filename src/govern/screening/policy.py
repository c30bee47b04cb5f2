"""Policy files in, one checked, compiled, immutable `Policy` out, with the digest every decision records."""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from govern.domain.consent import ConsentRules, parse_rules
from govern.errors import Invalid
from govern.screening import model, promotional_file
from govern.screening.duplicates import DuplicateRules
from govern.screening.families import DUPLICATES, LEXICON, OPT_OUT, PERSONAL_DATA, PROMOTIONAL, SOURCES, X
from govern.screening.lexicon import LexiconRules
from govern.screening.model import Model, ModelFile
from govern.screening.optout import OptOutRules
from govern.screening.permission import PermissionRules
from govern.screening.personal_data.rules import PersonalRules
from govern.screening.policy_files import InlineTest
from govern.screening.policy_source import PolicyError, Rules, Source, Text, parse_text
from govern.screening.promotional import PromotionalRules
from govern.screening.terms import Matcher, Matching, Term, matcher, parse_term
from govern.screening.x_rules import XRules

CONSENT = "consent.toml"
PROMOTION_MODEL = "screening/models/promotion.json"
OPT_OUT_MODEL = "screening/models/opt_out.json"
CASES = "screening/cases"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All the rules of screening at one moment. Loaded whole, swapped whole."""

    digest: str
    consent: ConsentRules
    permission: PermissionRules
    promotional: PromotionalRules
    personal_data: PersonalRules
    lexicon: LexiconRules
    optout: OptOutRules
    duplicates: DuplicateRules
    x: XRules
    promotion_model: Model
    opt_out_model: Model
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
        PolicyError: a file is missing, is not TOML, or breaks a rule, all of which are named at once; or the native
            matcher is asked for and cannot be had.
    """
    names = (CONSENT, *(source.name for source in SOURCES))
    texts = {name: parse_text(name, _read(folder, name)) for name in names}
    consent = _consent(texts[CONSENT])
    loaded = _Loaded(_checked(texts))
    models = {name: _json(name, _read(folder, name)) for name in (PROMOTION_MODEL, OPT_OUT_MODEL)}
    return Policy(
        digest=digest({name: text.parsed for name, text in texts.items()} | models),
        consent=consent,
        permission=promotional_file.permission_rules(loaded.files[PROMOTIONAL.name]),
        promotional=loaded.rules(PROMOTIONAL),
        personal_data=loaded.rules(PERSONAL_DATA),
        lexicon=loaded.rules(LEXICON),
        optout=loaded.rules(OPT_OUT),
        duplicates=loaded.rules(DUPLICATES),
        x=loaded.rules(X),
        promotion_model=_model(PROMOTION_MODEL, models),
        opt_out_model=_model(OPT_OUT_MODEL, models),
        matcher=_matcher(loaded, matching),
        tests=loaded.tests(),
        words=_known_words(texts.values()),
    )


def digest(parsed: Mapping[str, object]) -> str:
    """Return `sha256:` over the canonical JSON of parsed files; a comment or a blank changes nothing."""
    canonical = json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + sha256(canonical.encode()).hexdigest()


def _known_words(texts: Iterable[Text]) -> frozenset[str]:
    return frozenset(word for text in texts for string in text.strings() for word in parse_term(string).words)


def _matcher(loaded: _Loaded, matching: Matching) -> Matcher:
    try:
        return matcher(loaded.terms(), matching)
    except ImportError as error:
        raise PolicyError(reason="the native matcher is asked for, and its library is not installed") from error


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
                same = first[rule] == text.name
                also = "" if same else f", the other time in {first[rule]}"
                yield text.fault(rule, f"the id is used twice{also}", time=1 if same else 0)
            first.setdefault(rule, text.name)


def read_case_files(folder: Path) -> dict[str, str]:
    """Return the golden cases by file: `cases.py` knows what they mean.

    Raises:
        PolicyError: a file cannot be read.
    """
    names = sorted(f"{CASES}/{path.name}" for path in (folder / CASES).glob("*.jsonl"))
    return {name: _read(folder, name) for name in names}


def _model(name: str, models: Mapping[str, object]) -> Model:
    try:
        return model.compiled(msgspec.convert(models[name], ModelFile))
    except msgspec.ValidationError as error:
        raise PolicyError(reason=f"{name}: {error}") from error


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
