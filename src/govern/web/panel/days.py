"""Pages as of a day: `?at=2026-05-03`, and the words that say so."""

from datetime import datetime

from govern.errors import Invalid
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.spans import as_of


def read_day(at: str, desk: Desk) -> tuple[Form, datetime | None]:
    """Read `?at=`; a day that is none is said at its field, and now is shown."""
    form = Form(values={"at": at})
    try:
        moment = as_of(at, desk.fmt)
    except Invalid as error:
        return form.refuse(error), None
    if moment is not None and moment > desk.now:
        form.status = 422
        form.errors["at"] = _("This day is still to come.")
        return form, None
    return form, moment


def past_words(desk: Desk, moment: datetime | None) -> str:
    """Say which day is shown, if it is not today."""
    if moment is None:
        return ""
    return _("As of %(moment)s, %(zone)s time.") % {"moment": desk.fmt.full(moment), "zone": desk.fmt.zone_name}
