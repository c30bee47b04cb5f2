"""The audit log, read."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import PathParameter, QueryParameter

from govern.domain.actions import Action
from govern.domain.audit import EntryNotFound, Outcome
from govern.domain.audit.query import MAX_QUERY, read_jump
from govern.services import audit_log
from govern.services.audit import EntryFilter
from govern.web.api.audit_json import EntriesJson, EntryJson, entries_json, entry_json
from govern.web.api.problems import problems
from govern.web.api.queries import Cursor, Limit, parse_moment
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

Words = Annotated[str | None, QueryParameter(max_length=200)]
Query = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_QUERY,
        description='As the search box of the panel: `actor:mia -action:session after:2026-05-03 "gift card"`',
    ),
]
Moment = Annotated[str | None, QueryParameter(max_length=40, description="RFC 3339, or a day")]
Jump = Annotated[
    str | None,
    QueryParameter(max_length=40, description="Where to begin reading: a moment, or a day. It leaves nothing out."),
]
Which = Annotated[str, PathParameter(description="The entry's id, or its place in the log.", max_length=40)]
PROOF_TYPE = "text/plain"


class AuditController(Controller):
    path = "/audit/entries"
    tags = ("audit",)

    @get(summary="Search the audit log", opt={"action": Action.AUDIT_READ}, responses=problems(403, 422))
    async def search(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        by: Annotated[
            str | None, QueryParameter(name="actor", max_length=200, description="Name, e-mail or id")
        ] = None,
        action: Words = None,
        account: Words = None,
        brand: Words = None,
        subject: Words = None,
        outcome: Annotated[Outcome | None, QueryParameter()] = None,
        rule: Words = None,
        since: Moment = None,
        until: Moment = None,
        at: Jump = None,
        q: Query = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> EntriesJson:
        wanted = EntryFilter(
            actor=by,
            action=action,
            account=account,
            brand=brand,
            subject=subject,
            outcome=outcome,
            rule=rule,
            since=parse_moment(since, field="since"),
            until=parse_moment(until, field="until"),
            at=read_jump(at) if at else None,
            q=q,
        )
        page = await audit_log.search_log(wanted, limit=limit, before=cursor, actor=actor, access=access, now=now)
        return entries_json(page)

    @get(
        "/{which:str}",
        summary="Read one entry",
        opt={"action": Action.AUDIT_READ},
        responses=problems(403, 404, 422),
    )
    async def get_one(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> EntryJson:
        return entry_json(await audit_log.read_entry(_reference(which), actor=actor, access=access, now=now))

    @get(
        "/{which:str}/proof",
        summary="Prove that an entry stands in the log (C2SP tlog-proof)",
        opt={"action": Action.AUDIT_VERIFY},
        media_type=PROOF_TYPE,
        responses=problems(403, 404, 503),
    )
    async def prove(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> Response[str]:
        proof = await audit_log.prove(_reference(which), actor=actor, access=access, now=now)
        name = f'attachment; filename="{proof.index}.tlog-proof"'
        return Response(proof.text(), media_type=PROOF_TYPE, headers={"content-disposition": name})


def _reference(text: str) -> int | UUID:
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise EntryNotFound(noun="entry", name=text[:40]) from None
