"""What X refused as a duplicate: which message of ours it is, or whether somebody posted it by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import ObjectRef, PublicationDuplicate
from govern.domain.ids import message_number
from govern.domain.matching import Seen
from govern.domain.members import RECONCILER
from govern.domain.messages import Message
from govern.services import audit
from govern.services.attempts import AttemptRow
from govern.services.message_views import load_message, message_ref
from govern.tables import Publication
from govern.xapi.reasons import Reason

_OURS = """
SELECT m.id, m.number, p.x_id FROM publication p JOIN message m ON m.id = p.message
 WHERE p.x_kind = {} AND p.x_id = ANY({}) ORDER BY p.x_id DESC LIMIT 1
"""
_UNKNOWN = """
SELECT m.id, m.number FROM message m JOIN revision r ON r.message = m.id AND r.number = m.current_revision
 WHERE m.account = {} AND m.id <> {} AND m.state = 'outcome_unknown' AND r.text = {} ORDER BY m.number DESC LIMIT 1
"""

TWINS: Mapping[str, Reason] = {
    "twin_ours": Reason(
        "X has this text already: it is our message {number}, under {x_id}.",
        "X a déjà ce texte : c'est notre message {number}, sous {x_id}.",
    ),
    "twin_unknown": Reason(
        "X has this text already: it may be our message {number}, whose outcome is unknown. Settle that one first.",
        "X a déjà ce texte : c'est peut-être notre message {number}, dont le sort est inconnu. Tranchez d'abord celui-là.",
    ),
    "twin_by_hand": Reason(
        "X has this text already: somebody posted it from this account by hand, under {x_id}.",
        "X a déjà ce texte : quelqu'un l'a publié à la main depuis ce compte, sous {x_id}.",
    ),
    "twin_not_found": Reason(
        "X says that it has this text already, but shows none like it in the last 24 hours. Change the text.",
        "X dit avoir déjà ce texte, mais n'en montre aucun dans les dernières 24 heures. Changez le texte.",
    ),
}
"""What is said of a duplicate, by what its twin is."""


class _Twin(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    x_id: int | None = None
    id: UUID | None = None
    number: int | None = None


async def tell_twin(message: Message, row: AttemptRow, matched: Sequence[Seen], *, now: datetime) -> Message:
    """Name what X has already in place of a message that it refused, in the caller's transaction."""
    twin = await _find(message, row, [int(each.x_id) for each in matched])
    number = message_number(twin.number) if twin.number is not None else ""
    sentence = TWINS[twin.kind].en.format(number=number, x_id=twin.x_id)
    await Publication.update({Publication.failure: sentence}).where(Publication.id == row.publication)
    named = (ObjectRef(kind="message", id=twin.id),) if twin.id else ()
    await audit.record(
        PublicationDuplicate(
            attempt=row.tries, twin=twin.kind, x_id=str(twin.x_id) if twin.x_id else None, other=twin.id
        ),
        actor=RECONCILER,
        now=now,
        object=message_ref(message),
        refs=(*row.refs, *named),
        scope=message.scope,
    )
    return await load_message(message.id)


async def _find(message: Message, row: AttemptRow, x_ids: list[int]) -> _Twin:
    """Name ours first; then one that may be ours; then what nobody wrote here."""
    ours = rows(await Publication.raw(_OURS, row.x_kind, x_ids))
    if ours:
        return msgspec.convert({"kind": "twin_ours", **ours[0]}, _Twin)
    unknown = rows(await Publication.raw(_UNKNOWN, message.account_id, message.id, message.revision.text))
    if unknown:
        return msgspec.convert({"kind": "twin_unknown", **unknown[0]}, _Twin)
    if x_ids:
        return _Twin(kind="twin_by_hand", x_id=max(x_ids))
    return _Twin(kind="twin_not_found")
