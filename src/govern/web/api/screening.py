"""What screening would say of a text; nothing is stored."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from govern.domain.messages import Kind
from govern.screening.findings import Finding, PersonalData
from govern.services.screening import preview
from govern.web.api.message_parts import AltText
from govern.web.api.messages import WRITE, Text
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now


class FactsInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only the author knows; whatever the service knows it asks itself, as at submit."""

    paid_partnership: bool = False
    ai_written: bool = False
    images_without_alt: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0


class ScreenInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text as it would be sent."""

    account: Annotated[str, msgspec.Meta(max_length=40)]
    kind: Kind
    text: Text
    in_reply_to: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    recipient: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    alt_texts: Annotated[
        tuple[AltText, ...], msgspec.Meta(max_length=4, description="Of the images, in their order")
    ] = ()
    facts: FactsInput = FactsInput()


class ScreeningJson(msgspec.Struct, kw_only=True):
    """The strictest decision of all findings, the class of the text, and the findings."""

    decision: str
    klass: str = msgspec.field(name="class")
    optout: str
    personal_data: tuple[PersonalData, ...]
    findings: tuple[Finding, ...]
    policy_digest: str


@post(
    "/screen",
    status_code=200,
    tags=("messages",),
    summary="Ask what screening would say",
    opt={"action": WRITE},
    responses=problems(403, 404, 422),
)
async def screen_text(
    data: JSONBody[ScreenInput], actor: CurrentActor, access: CurrentAccess, policies: CurrentPolicies, now: Now
) -> ScreeningJson:
    answer = await preview(
        account=data.account,
        kind=data.kind,
        text=data.text,
        in_reply_to=data.in_reply_to,
        recipient=data.recipient,
        paid_partnership=data.facts.paid_partnership,
        ai_written=data.facts.ai_written,
        alt_texts=(*data.alt_texts, *[""] * data.facts.images_without_alt),
        actor=actor,
        access=access,
        policies=policies,
        now=now,
    )
    return ScreeningJson(
        decision=answer.decision,
        klass=answer.klass,
        optout=answer.optout,
        personal_data=answer.personal_data,
        findings=answer.findings,
        policy_digest=answer.policy_digest,
    )
