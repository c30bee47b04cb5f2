"""Forms around findings: which warnings were acknowledged, and a text that a button mends, with the way back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.web.panel.forms import FieldFault, Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.repairs import repaired

UNDO = "undo"
_NAME = re.compile(r"(?P<rule>[^\s:]{1,80})(?::(?P<start>\d{1,6})-(?P<end>\d{1,6}))?")


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked and offered beside findings."""

    acknowledged: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    boxes: bool = True
    """Whether warnings have a box to acknowledge."""
    mends: bool = True
    """Whether what can be mended has a button for it."""


def asking_of(form: Form, *, mends: bool = True) -> Asking:
    """Return what a form has acknowledged already, and what it was refused for."""
    refused = form.findings if form.code == Unacknowledged.code else []
    return Asking(
        acknowledged=frozenset(form.chosen("acknowledged")),
        missing=frozenset(name_of(found) for found in refused),
        mends=mends,
    )


def name_of(found: Mapping[str, Any]) -> str:
    """Return what a finding is called in a form: its rule, and where it stands."""
    span = found.get("span")
    return str(Acknowledged(str(found["rule"]), (int(span[0]), int(span[1])) if span else None))


def read_acknowledged(names: Sequence[str]) -> list[Acknowledged]:
    """Read the ticked boxes.

    Raises:
        FieldFault: one has a value that no box of ours has.
    """
    found = [_NAME.fullmatch(name) for name in names]
    if None in found:
        raise FieldFault(reason=_("This is not valid here."), field="acknowledged")
    return [
        Acknowledged(each["rule"], (int(each["start"]), int(each["end"])) if each["start"] else None)
        for each in found
        if each
    ]


def mend(form: Form, findings: Sequence[Any], *, limit: int) -> None:
    """Put the text that the pressed button stands for into the form, and keep the one before beside it."""
    use, text = form.get("use"), form.get("text")
    if use == UNDO:
        form.values["text"], form.values["was"] = form.get("was", text) or text, ""
        return
    plain: list[dict[str, Any]] = [msgspec.to_builtins(finding) for finding in findings]
    found = next((each for each in plain if name_of(each) == use), None)
    new = repaired(text, found, plain, limit=limit) if found else None
    if new is not None:
        form.values["text"], form.values["was"] = new, text
