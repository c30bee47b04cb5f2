"""The JSON API, version 1: the same services as the panel, authenticated by bearer token."""

from litestar import Router

from govern.web.api.access import AccessController
from govern.web.api.accounts import AccountsController
from govern.web.api.approvals import ApprovalsController
from govern.web.api.audit import AuditController
from govern.web.api.audit_exports import AuditExportsController
from govern.web.api.audit_state import log_state
from govern.web.api.audit_tiles import AuditTilesController
from govern.web.api.contacts import ContactsController
from govern.web.api.conversations import ConversationsController
from govern.web.api.decisions import DecisionsController
from govern.web.api.erasures import ErasuresController
from govern.web.api.grants import GRANTS
from govern.web.api.limits import read_all as read_limits
from govern.web.api.media import MediaController
from govern.web.api.members import MembersController, read_me
from govern.web.api.messages import MessagesController
from govern.web.api.outcomes import OutcomeController, OutcomesController
from govern.web.api.pauses import PausesController
from govern.web.api.queries import check_request
from govern.web.api.screening import screen_text
from govern.web.api.tokens import TokensController

API = Router(
    "/api/v1",
    route_handlers=[
        AccountsController,
        read_limits,
        MessagesController,
        MediaController,
        ContactsController,
        ConversationsController,
        ErasuresController,
        ApprovalsController,
        OutcomesController,
        OutcomeController,
        screen_text,
        MembersController,
        read_me,
        GRANTS,
        AccessController,
        TokensController,
        PausesController,
        DecisionsController,
        AuditController,
        AuditExportsController,
        AuditTilesController,
        log_state,
    ],
    guards=[check_request],
    security=[{"bearer": []}],
    include_in_schema=True,
)
