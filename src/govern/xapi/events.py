"""What X sends to webhooks: the envelope of the Activity API, and the posts and messages in it, as our values.

A post comes as in the API, a private message in the shape of X's first API, which its events have kept.
"""

from hashlib import sha256
from typing import TypeVar

import msgspec

from govern.xapi.answers import Entities, Includes, Post, XId, plain_text, to_mention
from govern.xapi.client import DmEvent, Mention
from govern.xapi.snowflake import snowflake_time

T = TypeVar("T")
MAX_UUID = 80


class Unreadable(Exception):
    """X signed it, and it has no form we know."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery is, as far as it must be known to keep it once."""

    event_uuid: str
    event_type: str
    about: str
    """The X id of the account it is about; empty of what is about the X app."""
    author: str | None
    """The X id of who wrote what is in it."""


class Revoked(msgspec.Struct, frozen=True):
    """An account's owner took our permission back."""

    user_id: XId


class _Filter(msgspec.Struct, frozen=True):
    user_id: XId | None = None


class _Target(msgspec.Struct, frozen=True):
    recipient_id: XId


class _Data(msgspec.Struct, frozen=True):
    text: str = ""
    entities: Entities = Entities()


class _Message(msgspec.Struct, frozen=True):
    sender_id: XId
    target: _Target
    message_data: _Data


class _DirectMessage(msgspec.Struct, frozen=True):
    id: XId
    message_create: _Message


class _Author(msgspec.Struct, frozen=True):
    author_id: XId | None = None
    direct_message_events: list[_DirectMessage] = []


class _Event(msgspec.Struct, frozen=True):
    event_uuid: str | int
    event_type: str
    payload: msgspec.Raw
    filter: _Filter = _Filter()


class _Envelope(msgspec.Struct, frozen=True):
    data: _Event
    includes: Includes = Includes()


class _User(msgspec.Struct, frozen=True):
    username: str | None = None
    name: str | None = None


class _Shown(msgspec.Struct, frozen=True):
    data: _User = _User()


class _DmPayload(msgspec.Struct, frozen=True):
    direct_message_events: list[_DirectMessage]
    users: dict[str, _Shown] = {}


def read_head(body: bytes) -> Head:
    """Read what a delivery is.

    Raises:
        Unreadable
    """
    event = _read(body).data
    author = _decode(event.payload, _Author)
    writer = author.author_id or next((dm.message_create.sender_id for dm in author.direct_message_events), None)
    given = str(event.event_uuid)
    return Head(
        event_uuid=given if len(given) <= MAX_UUID else sha256(given.encode()).hexdigest(),
        event_type=event.event_type[:60],
        about=event.filter.user_id or "",
        author=writer,
    )


def read_post(body: bytes) -> Mention:
    """Read the post of a delivery.

    Raises:
        Unreadable
    """
    envelope = _read(body)
    users = {user.id: user for user in envelope.includes.users}
    return to_mention(_decode(envelope.data.payload, Post), users)


def read_dms(body: bytes) -> list[DmEvent]:
    """Read the private messages of a delivery.

    Raises:
        Unreadable
    """
    payload = _decode(_read(body).data.payload, _DmPayload)
    return [_dm(each, payload.users) for each in payload.direct_message_events]


def read_revoked(body: bytes) -> Revoked:
    """Read whose permission was taken back.

    Raises:
        Unreadable
    """
    return _decode(_read(body).data.payload, Revoked)


def _dm(event: _DirectMessage, users: dict[str, _Shown]) -> DmEvent:
    message = event.message_create
    sender, recipient = message.sender_id, message.target.recipient_id
    from_, to = users.get(sender, _Shown()).data, users.get(recipient, _Shown()).data
    return DmEvent(
        x_id=event.id,
        sender_id=sender,
        sender_handle=from_.username,
        sender_name=from_.name,
        recipient_id=recipient,
        recipient_handle=to.username,
        text=plain_text(message.message_data.text, message.message_data.entities),
        conversation_id="-".join(sorted((sender, recipient), key=int)),
        created_at=snowflake_time(event.id),
    )


def _read(body: bytes) -> _Envelope:
    return _decode(body, _Envelope)


def _decode(body: bytes | msgspec.Raw, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable from error
