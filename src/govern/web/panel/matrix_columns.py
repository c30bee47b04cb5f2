"""The columns of the matrix of roles: the company, a brand, its accounts, as far as the reader sees them."""

from collections.abc import Sequence

from govern.domain.actions import COMPANY
from govern.services.grants import ScopeView
from govern.web.panel.i18n import gettext as _
from govern.web.panel.matrix_cells import Column
from govern.web.panel.words import scope_name

COLUMNS = 40


def brands_of(scopes: Sequence[ScopeView]) -> Sequence[Column]:
    """Return the brands in which the reader sees something, by name."""
    known = {each.key: each.label for each in scopes if each.kind == "brand"}
    keys = {*known, *(each.parent for each in scopes if each.kind == "account" and each.parent)}
    found = [Column(key=key, words=known.get(key, scope_name(key)), href="", above=()) for key in keys]
    return sorted(found, key=lambda each: each.words.lower())


def columns_of(scopes: Sequence[ScopeView], brand: Column | None) -> Sequence[Column]:
    """Return the company, the brand and its accounts, as far as the reader sees them."""
    seen = {each.key for each in scopes}
    found = [Column(key=COMPANY, words=_("Whole company"), href="", above=())] if COMPANY in seen else []
    if brand is None:
        return found
    if brand.key in seen:
        found.append(
            Column(key=brand.key, words=_("All of %(brand)s") % {"brand": brand.words}, href="", above=(COMPANY,))
        )
    accounts = [each for each in scopes if each.parent == brand.key]
    return found + [
        Column(
            key=each.key,
            words=scope_name(each.key),
            href=f"/admin/accounts/{each.key.removeprefix('account:')}",
            above=(brand.key, COMPANY),
        )
        for each in accounts[:COLUMNS]
    ]
