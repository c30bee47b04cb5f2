"""What can go wrong, in five kinds without HTTP; `web/errors.py` maps the kinds to answers once.

GovernError
├── NotFound       there is no such thing, or not for you
├── Invalid        the input breaks a rule of its field
├── Conflict       the state of things does not allow it now
├── Denied         the access policy says no
└── Unavailable    an engine is down; nothing was changed, try again

Each subclass stands beside the noun it is about, with a stable `code` and a `template` whose fields are typed data.
"""

from typing import ClassVar


def N_(text: str) -> str:  # noqa: N802 - gettext's own name: marks a sentence for the catalogue
    """Mark a sentence for translation where it is declared; it is translated where it is shown."""
    return text


class GovernError(Exception):
    """A refusal with a stable code and a sentence a person can act on."""

    code: ClassVar[str] = "internal"
    template: ClassVar[str] = N_("Something went wrong.")

    def __init__(self, **data: object) -> None:
        self.data = data
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.data)


class NotFound(GovernError):
    """There is no such thing, or the asker may not know of it; the two answers are the same."""

    code = "not_found"
    template = N_("There is no {noun} {name}.")


class Invalid(GovernError):
    """The input breaks a rule of its field. `field` names it, where one field is to blame."""

    code = "invalid"
    template = N_("{reason}")


class Conflict(GovernError):
    """The state of things does not allow it now; nothing was changed."""

    code = "conflict"
    template = N_("{reason}")


class Denied(GovernError):
    """The access policy says no.

    Data: `reason` (a code of the decision), `rule` (the id that decided, or None), `action`, `scope`, `sentence`.
    """

    code = "access.denied"
    template = N_("{sentence}")
    unseen: NotFound | None = None
    """What is said instead to whoever may not even know of the thing: the same as if it did not exist."""


class Unavailable(GovernError):
    """An engine is down. Nothing was changed; `retry_after` says in how many seconds to try again."""

    code = "unavailable"
    template = N_("The service is not available right now. Nothing was changed; please try again.")
    retry_after: int = 5
