"""What screening would say of a text; nothing is stored."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from govern.domain.messages import Kind
from govern.screening.findings import Finding
from govern.services.screening import preview
from govern.web.api.messages import WRITE, Text
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now


class ScreenInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text as it would be sent."""

    account: Annotated[str, msgspec.Meta(max_length=40)]
    kind: Kind
    text: Text
    in_reply_to: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    recipient: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class ScreeningJson(msgspec.Struct, kw_only=True):
    """The strictest decision of all findings, the class of the text, and the findings."""

    decision: str
    klass: str = msgspec.field(name="class")
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
        actor=actor,
        access=access,
        policies=policies,
        now=now,
    )
    return ScreeningJson(
        decision=answer.decision, klass=answer.klass, findings=answer.findings, policy_digest=answer.policy_digest
    )
