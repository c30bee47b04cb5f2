"""The policy file of every family of rules, and the module that knows its shape."""

from typing import Any

from govern.screening import (
    duplicates_file,
    lexicon_file,
    optout_file,
    personal_data_file,
    promotional_file,
    x_rules_file,
)
from govern.screening.duplicates_file import DuplicatesFile
from govern.screening.lexicon_file import LexiconFile
from govern.screening.optout_file import OptOutFile
from govern.screening.personal_data_file import PersonalDataFile
from govern.screening.policy_source import Source
from govern.screening.promotional_file import PromotionalFile
from govern.screening.x_rules_file import XFile

PROMOTIONAL = Source(
    "screening/promotional.toml",
    PromotionalFile,
    promotional_file.faults,
    promotional_file.compiled,
    promotional_file.terms,
    promotional_file.inline_tests,
)
PERSONAL_DATA = Source(
    "screening/personal_data.toml",
    PersonalDataFile,
    personal_data_file.faults,
    personal_data_file.compiled,
    personal_data_file.terms,
    personal_data_file.inline_tests,
)
LEXICON = Source(
    "screening/lexicon.toml",
    LexiconFile,
    lexicon_file.faults,
    lexicon_file.compiled,
    lexicon_file.terms,
    lexicon_file.inline_tests,
)
OPT_OUT = Source(
    "screening/optout.toml",
    OptOutFile,
    optout_file.faults,
    optout_file.compiled,
    optout_file.terms,
    optout_file.inline_tests,
)
DUPLICATES = Source(
    "screening/duplicates.toml",
    DuplicatesFile,
    duplicates_file.faults,
    duplicates_file.compiled,
    duplicates_file.terms,
    duplicates_file.inline_tests,
)
X = Source(
    "x.toml",
    XFile,
    x_rules_file.faults,
    x_rules_file.compiled,
    x_rules_file.terms,
    x_rules_file.inline_tests,
)
SOURCES: tuple[Source[Any, Any], ...] = (PROMOTIONAL, PERSONAL_DATA, LEXICON, OPT_OUT, DUPLICATES, X)
"""Every family with a file; the order is that of the faults, and of nothing else."""
