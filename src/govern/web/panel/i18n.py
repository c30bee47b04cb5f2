"""The panel's languages: English is the source; other catalogues are read into memory once, as text."""

import gettext as catalogues
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from govern.errors import GovernError
from govern.settings import shipped

SOURCE = "en"
_language: ContextVar[str] = ContextVar("panel_language", default=SOURCE)


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    if language == SOURCE:
        return catalogues.NullTranslations()
    compiled = BytesIO()
    with (shipped("admin") / "i18n" / f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def speak(language: str) -> None:
    """Choose the language of every sentence this request makes; English where there is no catalogue."""
    known = language.isalpha() and (shipped("admin") / "i18n" / f"{language}.po").is_file()
    _language.set(language if known else SOURCE)


def language() -> str:
    """Return the language spoken now."""
    return _language.get()


def gettext(message: str) -> str:
    return _catalogue(_language.get()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    return _catalogue(_language.get()).ngettext(singular, plural, n)


_ = gettext


def in_language(sentences: Mapping[Any, object]) -> str:
    """Choose from a sentence that comes in several languages, as findings and rules do."""
    return str(sentences.get(_language.get()) or sentences.get(SOURCE) or "")


def error_sentence(error: GovernError) -> str:
    """Say an error in the language spoken now; the access policy brings its own two sentences."""
    translated = error.data.get(f"sentence_{_language.get()}")
    if translated:
        return str(translated)
    return gettext(error.template).format(**error.data)
