"""The single keys of the panel: one table feeds the help; the buttons carry the keys (`data-key`)."""

from collections.abc import Sequence

from govern.web.panel.i18n import gettext as _


def keys() -> Sequence[tuple[str, str]]:
    """Return every key with what it does."""
    return (
        ("J K", _("Next, previous")),
        ("Enter", _("Open")),
        ("A", _("Approve")),
        ("C", _("Request changes")),
        ("R", _("Reject")),
        ("E", _("Edit and approve")),
        ("U", _("Undo, while it is offered")),
        ("/", _("Search")),
        ("G O", _("Overview")),
        ("G A", _("Approvals")),
        ("G L", _("Audit log")),
        ("?", _("These keys")),
    )
