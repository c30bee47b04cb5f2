"""A little life, so that nobody's first screen is empty: customers who wrote, and messages at every step."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

import msgspec

from govern.demo.accounts import ZONE
from govern.demo.people import CLAIRE, HUGO, INES, TOM, Person
from govern.demo.sandbox import write_as_customer
from govern.demo.stage import Stage, acting_as
from govern.domain.drafts import Draft
from govern.domain.messages import Event, Kind, Message, can
from govern.domain.schedules import find_zone, read_moment
from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.services.approvals import approve_message
from govern.services.messages import draft_message
from govern.services.refusals import request_changes

_KEYS = UUID("5d5d3f0a-6f2c-4a07-8a3e-7f4a0f3b9c11")


class Heard(msgspec.Struct, frozen=True):
    """What a customer writes; `name` is ours for it."""

    name: str
    kind: str
    sender: str
    to: str
    text: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What one of our people writes, and what becomes of it. `answers` names something heard."""

    name: str
    author: Person
    account: str
    text: str
    answers: str | None = None
    submit: bool = True
    tomorrow: str | None = None
    """The time it is to go out tomorrow; Claire approves it at once."""
    changes: str | None = None
    """What Claire wants to be different."""


HEARD = (
    Heard(
        "parcel",
        "mention",
        "mjourdan",
        "AldaneCare",
        "Third parcel in a row that arrives open. @AldaneCare do you actually read this account or is it a robot? Order 88213.",
    ),
    Heard("note", "mention", "karim_b", "AldaneCare", "@AldaneCare I never got the delivery note for my bookcase."),
    Heard("ring", "mention", "lea_p", "AldaneBijoux", "@AldaneBijoux does the Brume ring exist in size 50?"),
    Heard(
        "lamp",
        "mention",
        "studio_verne",
        "AldaneMaison",
        "The oak lamp by @AldaneMaison found its place in our studio.",
    ),
    Heard("hinge", "dm", "sofia_m", "AldaneCare", "Hello, a hinge of my cupboard broke. Is there a spare part?"),
)
WRITTEN = (
    Written(
        name="refund",
        author=HUGO,
        account="AldaneCare",
        answers="parcel",
        text="Hello Marion, a person is reading: I am Hugo. An open parcel three times is not acceptable. I am refunding "
        "your order today and changing the carrier. You can follow it here: https://www.example.com/orders/88213",
    ),
    Written(
        name="delivery-note",
        author=HUGO,
        account="AldaneCare",
        answers="note",
        text="Hello Karim, I have your file in front of me. The delivery note is here: https://www.example.com/notes/7741",
    ),
    Written(
        name="oak",
        author=TOM,
        account="AldaneMaison",
        text="The oak for this table was cut 40 km from the workshop. Here is how Bruno chose it.",
    ),
    Written(
        name="brume",
        author=INES,
        account="AldaneBijoux",
        text="Nouvelle collection Brume : 12 pièces, dessinées à Lyon, en boutique samedi.",
    ),
    Written(
        name="ring-offer",
        author=INES,
        account="AldaneBijoux",
        answers="ring",
        text="Yes, in 50 as well! And our flash sale is on: 30% off all rings until Sunday with the code BRUME30.",
    ),
    Written(
        name="open-day",
        author=TOM,
        account="AldaneMaison",
        text="Today the Nantes workshop is open to everybody, 10 h to 18 h. No booking needed.",
        tomorrow="10:00",
    ),
    Written(
        name="forest",
        author=TOM,
        account="AldaneBois",
        text="Our oak is the most sustainable of all Europe.",
        changes="Say what we can prove: name the forest and its label.",
    ),
    Written(
        name="setting",
        author=INES,
        account="AldaneAtelier",
        text="Sertir une pierre, c’est d’abord l’écouter. Karine, 31 ans d’établi, montre le geste.",
        submit=False,
    ),
)


async def let_customers_write(stage: Stage) -> None:
    """Let each customer write once; the worker hears of it when it polls."""
    for heard in HEARD:
        if heard.name not in stage.kept.inbound:
            stage.kept.inbound[heard.name] = await write_as_customer(
                stage.settings, kind=heard.kind, sender=heard.sender, to=heard.to, text=heard.text
            )
            stage.keep()


async def write_messages(stage: Stage) -> None:
    """Write each message as its author; what is written already is found again by its form key."""
    for written in WRITTEN:
        message = await _write(written, stage)
        if written.changes and can(message.state, Event.REQUEST_CHANGES):
            await request_changes(
                message.id,
                revision=message.revision.number,
                reason=written.changes,
                actor=await acting_as(CLAIRE.email),
                access=stage.access,
                now=stage.clock(),
            )
        if written.tomorrow and can(message.state, Event.APPROVE):
            await approve_message(
                message.id,
                revision=message.revision.number,
                actor=await acting_as(CLAIRE.email),
                access=stage.access,
                policies=stage.policies,
                now=stage.clock(),
            )


async def _write(written: Written, stage: Stage) -> Message:
    now = stage.clock()
    scheduled_at = None
    if written.tomorrow:
        day = (now.astimezone(find_zone(ZONE)) + timedelta(days=1)).date()
        scheduled_at = read_moment(f"{day} {written.tomorrow}", ZONE)
    actor = await acting_as(written.author.email)
    draft = Draft(
        account=written.account,
        kind=Kind.REPLY if written.answers else Kind.POST,
        text=written.text,
        in_reply_to=stage.kept.inbound[written.answers] if written.answers else None,
        scheduled_at=scheduled_at,
    )

    async def write(seen: Sequence[Acknowledged]) -> Message:
        return await draft_message(
            draft,
            submit=written.submit,
            acknowledged=seen,
            form_key=uuid5(_KEYS, f"{actor.member}:{written.name}"),
            actor=actor,
            access=stage.access,
            policies=stage.policies,
            now=now,
        )

    try:
        return await write(())
    except Unacknowledged as warned:  # our people read what screening warns of
        found = msgspec.convert(warned.data["findings"], list[dict[str, object]])
        return await write(
            [msgspec.convert({"rule": each["rule"], "span": each["span"]}, Acknowledged) for each in found]
        )
