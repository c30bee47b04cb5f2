"""Other rules than those that are shipped, for tests of what a change of policy does."""

import shutil
from pathlib import Path

from govern.services.policies import Policies, load_policies
from govern.settings import shipped

_RULE = """
[[rule]]
id = "LEX-TEST-{number}"
title = "{term}"
reference = "a test"
severity = "medium"
terms = {{ en = ["{term}"], fr = ["{term} ici"] }}
decision = "{decision}"
message = {{ en = "A rule of a test.", fr = "Une règle de test." }}
test = [ {{ text = "So it is: {term}.", expect = "{decision}" }}, {{ text = "Something else.", expect = "allow" }} ]
"""


def with_rules(folder: Path, *rules: tuple[str, str]) -> Policies:
    """Load the shipped policies with more rules of the lexicon: each a term and a decision."""
    shutil.copytree(shipped("policies"), folder / "policies")
    file = folder / "policies" / "screening" / "lexicon.toml"
    more = (_RULE.format(number=number, term=term, decision=what) for number, (term, what) in enumerate(rules, start=1))
    file.write_text(file.read_text() + "".join(more))
    return load_policies(folder / "policies")


def with_text(folder: Path, name: str, old: str, new: str) -> Policies:
    """Load the shipped policies with one place of one file changed."""
    shutil.copytree(shipped("policies"), folder / "policies")
    file = folder / "policies" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return load_policies(folder / "policies")
