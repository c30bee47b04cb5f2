"""What every handler of a signed-in page has at hand, and the frame around its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.template import TemplateEngineProtocol

from govern.access import Access
from govern.domain.actions import Action, Target
from govern.domain.members import Actor
from govern.services.conversation_lists import count_conversations
from govern.services.known_contacts import list_doubts
from govern.services.outcomes import list_unknown
from govern.services.pauses import list_pauses
from govern.services.policies import Policies
from govern.services.queue import count_queue
from govern.services.releasing import count_waiting
from govern.services.sessions import SessionInfo
from govern.settings import Settings
from govern.web.auth import csrf_token
from govern.web.dependencies import (
    CurrentAccess,
    CurrentActor,
    CurrentPolicies,
    CurrentSession,
    CurrentSettings,
    Now,
)
from govern.web.panel.format import Format
from govern.web.panel.htmx import wants_part
from govern.web.panel.navigation import Reach, groups, tabs
from govern.web.panel.proof import Proof, proof_of
from govern.web.panel.views import Frame, Person, View
from govern.web.panel.words import colour_of, initials, role_name

_REACHES = {
    "write": (
        Action.MESSAGE_WRITE_POST,
        Action.MESSAGE_WRITE_REPLY,
        Action.MESSAGE_WRITE_QUOTE,
        Action.MESSAGE_WRITE_DM,
    ),
    "read": (Action.MESSAGE_READ,),
    "decide": (Action.MESSAGE_APPROVE, Action.MESSAGE_REJECT),
    "settle": (Action.MESSAGE_SETTLE,),
    "plan": (Action.MESSAGE_SCHEDULE,),
    "people": (Action.ACCESS_READ,),
    "policy": (Action.POLICY_READ,),
    "audit": (Action.AUDIT_READ,),
    "pause": (Action.PAUSE_SET, Action.PAUSE_LIFT),
    "accounts": (Action.ACCOUNT_EDIT, Action.BRAND_EDIT, Action.ACCOUNT_CONNECT),
    "limits": (Action.ACCOUNT_EDIT,),
    "contacts": (Action.CONTACT_READ,),
    "converse": (Action.CONVERSATION_READ, Action.CONVERSATION_READ_DM),
}


class Desk:
    """Who asks, under which rules, at what time; and `show`, which answers with a page or a part of it."""

    def __init__(
        self,
        *,
        request: Request[Any, Any, Any],
        session: SessionInfo,
        actor: Actor,
        access: Access,
        policies: Policies,
        settings: Settings,
        now: datetime,
    ) -> None:
        self.request = request
        self.session = session
        self.actor = actor
        self.access = access
        self.policies = policies
        self.settings = settings
        self.now = now
        self.fmt = Format(session.member.zone, now)

    @property
    def fresh(self) -> bool:
        """Whether who asks proved a moment ago who they are."""
        return self.actor.fresh

    async def proof(self) -> Proof:
        """Return what a critical form asks for besides its own fields: `fresh_field` draws it."""
        return await proof_of(self.actor, self.settings)

    async def may(self, *actions: Action) -> bool:
        """Tell whether one of the actions is possible at any scope: what is not possible is not drawn."""
        for action in actions:
            if await self.access.where_can(self.actor, action):
                return True
        return False

    async def may_at(self, action: Action, scope: str) -> bool:
        """Tell whether an action is possible at a scope."""
        return await self.access.allows(self.actor, action, Target(scope=scope))

    async def show(
        self, template: str, view: View, *, here: str, title: str, status: int = 200, part: str | None = None
    ) -> Response[str]:
        """Answer with the page, or with its block `part` alone where htmx asks for that element."""
        request = self.request
        context = {"view": view, "fmt": self.fmt, "title": title, "path": request.url.path}
        found = _engine(request).get_template(template)
        if part and wants_part(request, part):
            context |= {"frame": None, "csrf": csrf_token(self.session.id, self.settings)}
            block = found.blocks[part]
            html = "".join(block(found.new_context(context)))
        else:
            frame = await self.frame(here)
            html = found.render(**context, frame=frame, csrf=frame.csrf)
        headers = {"Vary": "HX-Request-Type, HX-Target"}
        return Response(html.lstrip(), media_type=MediaType.HTML, status_code=status, headers=headers)

    async def frame(self, here: str) -> Frame:
        """Build the frame: navigation within this member's rights, counts, the publishing switch."""
        reach = {name: await self.may(*actions) for name, actions in _REACHES.items()}
        counts = await count_queue(actor=self.actor, access=self.access, now=self.now)
        unknown = len(await list_unknown(actor=self.actor, access=self.access)) if reach["settle"] else 0
        decisions = await count_waiting(actor=self.actor, access=self.access) if reach["plan"] else 0
        doubts = await list_doubts(actor=self.actor, access=self.access, now=self.now) if reach["contacts"] else ()
        pauses = await list_pauses(actor=self.actor, access=self.access)
        waits = await count_conversations(actor=self.actor, access=self.access, now=self.now)
        reached = Reach(
            **reach,
            queue=counts.mine,
            late=counts.late > 0,
            unknown=unknown,
            decisions=decisions,
            doubts=len(doubts),
            waiting=waits.waiting,
            overdue=waits.late > 0,
        )
        member = self.session.member
        return Frame(
            company=self.settings.company,
            groups=groups(reached),
            tabs=tabs(reached),
            me=Person(
                name=member.name,
                email=member.email,
                roles=", ".join(role_name(role) for role in member.roles),
                initials=initials(member.name),
                colour=colour_of(member.name),
            ),
            here=here,
            theme=self.session.theme,
            single_keys=self.session.single_keys,
            language=member.language,
            csrf=csrf_token(self.session.id, self.settings),
            zone=self.fmt.zone_name,
            paused=len(pauses),
            may_pause=reached.pause,
            sandboxed=self.settings.sandboxed,
            queue=counts.mine,
        )


async def provide_desk(
    *,
    request: Request[Any, Any, Any],
    session: CurrentSession,
    actor: CurrentActor,
    access: CurrentAccess,
    policies: CurrentPolicies,
    settings: CurrentSettings,
    now: Now,
) -> Desk:
    """Put what a handler needs on its desk."""
    return Desk(
        request=request,
        session=session,
        actor=actor,
        access=access,
        policies=policies,
        settings=settings,
        now=now,
    )


AtDesk: TypeAlias = NamedDependency[Desk]


def _engine(request: Request[Any, Any, Any]) -> TemplateEngineProtocol[Any, Any]:
    engine: TemplateEngineProtocol[Any, Any] | None = request.app.template_engine
    if engine is None:
        raise RuntimeError("the application was built without the panel's templates")
    return engine


def render_bare(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """Answer with a page that needs nobody signed in."""
    html = _engine(request).get_template(template).render(**context)
    return Response(html.lstrip(), media_type=MediaType.HTML, status_code=status, headers=dict(headers or {}))
