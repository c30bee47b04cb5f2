"""Forms of the panel: URL-encoded, read into a checked Struct; what was typed is kept when it is refused."""

import re
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from govern.errors import N_, Conflict, GovernError, Invalid
from govern.web.auth import CSRF_FIELD, PROOF_FIELDS
from govern.web.panel.i18n import error_sentence
from govern.web.panel.i18n import gettext as _

T = TypeVar("T", bound=msgspec.Struct)
MAX_FIELDS = 160
FILES = "images"
"""The field whose files are images; a script that sends names in their place says nothing."""
_TO_BLAME = {"screening.unacknowledged": "acknowledged"}
_AS_TYPED = frozenset({"text", "was", "password", "old", "new"})
_REASONS = (
    (re.compile(r"missing required field `(?P<field>\w+)`"), N_("Please fill this in.")),
    (re.compile(r"unknown field `(?P<field>\w+)`"), N_("This page does not have such a field.")),
    (re.compile(r"length >= (?P<n>\d+) - at `\$\.(?P<field>\w+)"), N_("At least %(n)s characters, please.")),
    (re.compile(r"length <= (?P<n>\d+) - at `\$\.(?P<field>\w+)"), N_("At most %(n)s characters, please.")),
    (re.compile(r"Invalid enum value.*at `\$\.(?P<field>\w+)"), N_("Choose one of the list.")),
    (re.compile(r"at `\$\.(?P<field>\w+)"), N_("This is not valid here.")),
)


class FieldFault(Invalid):
    """One field of a form is wrong. Data: `field`, `reason`."""

    code = "form.invalid"


class Form(msgspec.Struct):
    """What was typed, and what is wrong with it: a sentence per field, `""` for the form as a whole."""

    values: dict[str, str] = {}
    many: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    status: int = 200
    code: str = ""
    files: list[UploadFile] = []
    """What was chosen in a field for images."""
    findings: list[dict[str, Any]] = []
    """Of a text that screening refused: what it found, or what is still to be acknowledged."""

    def get(self, name: str, default: object = "") -> str:
        return self.values.get(name, "" if default is None else str(default))

    def chosen(self, name: str) -> list[str]:
        return self.many.get(name, [])

    def read(self, into: type[T]) -> T:
        """Check the form; an empty field counts as not given.

        Raises:
            FieldFault: with the first field that is wrong.
        """
        lists = {
            field.name
            for field in msgspec.structs.fields(into)
            if getattr(field.type, "__origin__", field.type) in {list, tuple, frozenset}
        }
        given: dict[str, object] = {name: value for name, value in self.values.items() if value and name not in lists}
        given |= {name: self.many[name] for name in lists if name in self.many}
        try:
            return msgspec.convert(given, into, strict=False)
        except msgspec.ValidationError as error:
            raise _fault(str(error)) from None

    def refuse(self, error: GovernError) -> "Form":
        """Note why the form was refused, beside the field that is to blame."""
        self.status = 409 if isinstance(error, Conflict) else 422
        self.code = error.code
        findings = error.data.get("findings")
        self.findings = findings if isinstance(findings, list) else []
        self.errors[str(error.data.get("field") or _TO_BLAME.get(error.code, ""))] = error_sentence(error)
        return self


def _fault(message: str) -> FieldFault:
    for pattern, reason in _REASONS:
        if found := pattern.search(message):
            return FieldFault(reason=_(reason) % found.groupdict(), field=found["field"])
    return FieldFault(reason=_("This form cannot be read."))


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """Read the fields; lines end in LF as people mean them, and the CSRF token and the proof are taken off."""
    form = Form()
    for count, (name, value) in enumerate((await request.form()).multi_items()):
        if (isinstance(value, UploadFile) and name != FILES) or count >= MAX_FIELDS:
            raise FieldFault(reason=_("This form cannot be read."))
        if isinstance(value, UploadFile) and value.filename:
            form.files.append(value)
        if name in PROOF_FIELDS or name in {CSRF_FIELD, FILES}:
            continue
        text = str(value).replace("\r\n", "\n").replace("\r", "\n")
        form.values[name] = text if "\n" in text or name in _AS_TYPED else text.strip()
        form.many.setdefault(name, []).append(form.values[name])
    return form


def go(address: str) -> Redirect:
    """Answer a POST that succeeded: the GET that follows shows the result."""
    return Redirect(address, status_code=303)


def local_path(address: str | None) -> str:
    """Return the address if it is a page of the panel, else the panel's first page."""
    if address and re.fullmatch(r"/admin(?:[/?][A-Za-z0-9/_\-.~%?=&:@+,]*)?", address) and "//" not in address:
        return address
    return "/admin"
