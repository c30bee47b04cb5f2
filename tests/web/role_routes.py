"""How to call each route with what is valid, and where its right is asked; a route that is not here fails the walk."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from govern.domain.actions import Action
from tests.pictures import png
from tests.web.role_calls import At, Call, Seen
from tests.web.role_world import Thing

LISTING = Call(listing=True)
IMAGE = Call(thing="image")
TEXT = "The workshop opens at ten on Saturday."
POST = Action.MESSAGE_WRITE_POST
WHY = {"reason": "because of a test"}


def message(body: Callable[[Thing], Mapping[str, Any]] | None = None, **more: Any) -> Call:
    return Call(thing="message", body=body, **more)


def verdict(what: str) -> Call:
    return message(lambda t: {"revision": t["revision"], "what": what, **WHY})


def revision(t: Thing) -> Mapping[str, Any]:
    return {"revision": t["revision"]}


def refusal(t: Thing) -> Mapping[str, Any]:
    return {"revision": t["revision"], **WHY}


def person(thing: str = "member", body: Mapping[str, Any] | None = None, **more: Any) -> Call:
    """Something done to a member: asked at the company."""
    values = {"at": At.COMPANY, "seen": Seen.SOMEWHERE, **more}
    return Call(thing=thing, body=(lambda _t: body) if body is not None else None, **values)


def on_contact(action: Action, **more: str) -> Call:
    """Something recorded about a person, or read of them, at an account."""
    return Call(thing="contact", body=lambda t: {"account": t["handle"], **more}, action=action)


def wall(t: Thing) -> str:
    return str(t["soon"].replace(tzinfo=None).isoformat(timespec="minutes"))


def draft(t: Thing) -> Mapping[str, Any]:
    return {"account": t["handle"], "kind": "post", "text": TEXT}


def form_draft(t: Thing) -> Mapping[str, Any]:
    return {**draft(t), "do": "draft"}


def given_role(t: Thing) -> Mapping[str, Any]:
    return {"role": "viewer", "scope": t["scope"], **WHY}


def invitation(t: Thing) -> Mapping[str, Any]:
    return {"email": f"{t['fresh']}@example.com", "name": "New"}


def stop(t: Thing) -> Mapping[str, Any]:
    return {"scope": t["scope"], "kinds": ["reply"], **WHY}


def asked(t: Thing) -> Mapping[str, Any]:
    return {"action": "message.read", "scope": t["scope"]}


def ours(t: Thing) -> Mapping[str, Any]:
    return {"account": t["handle"]}


def agreement(t: Thing) -> Mapping[str, Any]:
    proof = {"channel": "form", "wording_id": "offers", "wording_version": "3", "proof_ref": "form/1"}
    return {**ours(t), **proof, "captured_at": "2026-01-01"}


ASSIGN = Call(thing="colleague", body=given_role)
READ_SOMEWHERE = person(at=At.SOMEWHERE)
OTHERS = Call(at=At.NEVER, seen=Seen.BY_NOBODY)
ERASE = Call(thing="contact", body=lambda _t: WHY, at=At.COMPANY, seen=Seen.BY_NOBODY)
TALK = Call(thing="contact")
OWN_TOKEN = Call(thing="token", at=At.HELD, seen=Seen.BY_NOBODY)
CHANGE = Call(
    thing="colleague",
    body=lambda t: {"c": f"add~viewer~{t['scope']}~{t['email']}", **WHY},
    action=Action.ROLE_ASSIGN,
)

API: Mapping[str, Call] = {
    "POST /media": Call(thing="company", at=At.SOMEWHERE, files=lambda _t: {"file": ("a.png", png())}, action=POST),
    "GET /media/{media_id:uuid}": IMAGE,
    "GET /accounts": LISTING,
    "GET /limits": Call(thing="company", at=At.SOMEWHERE),
    "GET /accounts/{handle:str}": Call(),
    "GET /messages": message(listing=True),
    "GET /messages/{which:str}": message(),
    "POST /messages": Call(body=draft, action=POST),
    "POST /messages/{which:str}/revise": message(lambda t: {**revision(t), "text": TEXT}, action=POST),
    "POST /messages/{which:str}/submit": message(revision, action=POST),
    "POST /messages/{which:str}/schedule": message(lambda t: {**revision(t), "scheduled_at": t["soon"].isoformat()}),
    "POST /messages/{which:str}/withdraw": Call(thing="own_message", body=revision),
    "POST /messages/{which:str}/approve": message(revision),
    "POST /messages/{which:str}/reject": message(refusal),
    "POST /messages/{which:str}/request-changes": message(refusal),
    "POST /messages/{which:str}/withdraw-approval": message(lambda _t: {}),
    "GET /outcomes": Call(thing="unknown", listing=True),
    "GET /outcomes/late": Call(thing="late", listing=True),
    "POST /outcomes/late/{attempt:uuid}/close": Call(thing="late", body=lambda _t: WHY),
    "GET /messages/{which:str}/outcome": Call(thing="unknown"),
    "POST /messages/{which:str}/outcome/read": Call(thing="unknown", body=lambda _t: {}),
    "POST /messages/{which:str}/outcome/settle": Call(thing="unknown", body=lambda _t: {"is_out": True, **WHY}),
    "POST /screen": Call(body=draft, action=POST),
    "POST /messages/{which:str}/copy": message(lambda _t: {}, action=POST),
    "GET /contacts/{who:str}/permission": Call(thing="contact", query=ours),
    "GET /contacts/{who:str}/events": Call(thing="contact", query=ours),
    "POST /contacts/{who:str}/opt-in": Call(thing="contact", body=agreement),
    "POST /contacts/{who:str}/opt-out": Call(thing="contact", body=ours),
    "POST /contacts/{who:str}/clear-doubt": Call(thing="contact", body=lambda t: {**ours(t), **WHY}),
    "POST /contacts/{who:str}/invite": Call(thing="contact", body=lambda t: {**ours(t), "x_id": t["x_id"]}),
    "GET /conversations": msgspec.structs.replace(LISTING, thing="contact"),
    "GET /conversations/in-time": LISTING,
    "GET /conversations/{conversation:uuid}": TALK,
    "POST /conversations/{conversation:uuid}/private": TALK,
    "POST /conversations/{conversation:uuid}/take": msgspec.structs.replace(TALK, body=lambda _t: {"was": None}),
    "POST /conversations/{conversation:uuid}/release": TALK,
    "POST /conversations/{conversation:uuid}/close": msgspec.structs.replace(TALK, body=lambda _t: {"reason": "spam"}),
    "POST /conversations/{conversation:uuid}/reopen": msgspec.structs.replace(TALK, thing="closed"),
    "GET /members": READ_SOMEWHERE,
    "GET /members/{email:str}": READ_SOMEWHERE,
    "POST /members": Call(thing="company", body=invitation, at=At.COMPANY),
    "POST /members/{email:str}/suspend": person(body=WHY),
    "POST /members/{email:str}/reinstate": person("suspended", body=WHY),
    "POST /members/{email:str}/remove": person(body=WHY),
    "GET /members/{email:str}/grants": person(),
    "POST /members/{email:str}/grants": ASSIGN,
    "DELETE /grants/{grant_id:uuid}": Call(thing="grant", query=lambda _t: WHY, seen=Seen.BY_ADMINISTRATION),
    "POST /tokens": Call(thing="company", body=lambda _t: {"name": "test"}, at=At.HELD),
    "DELETE /tokens/{token_id:uuid}": OWN_TOKEN,
    "GET /pauses": Call(thing="pause", listing=True),
    "POST /pauses": Call(body=stop),
    "POST /pauses/{pause_id:uuid}/lift": Call(thing="pause", body=lambda _t: WHY),
    "GET /pauses/{pause_id:uuid}": Call(thing="pause", seen=Seen.BY_NOBODY),
    "POST /pauses/count": Call(body=lambda t: {"scope": t["scope"]}),
    "POST /decisions/release": message(lambda t: {"messages": [{"message": t["which"], "revision": t["revision"]}]}),
    "GET /audit/entries": Call(thing="company", at=At.SOMEWHERE),
    "GET /audit/entries/{which:str}": Call(thing="entry", seen=Seen.BY_NOBODY),
    "GET /audit/entries/{which:str}/proof": Call(thing="proven", seen=Seen.BY_NOBODY),
    "GET /audit/log/state": Call(thing="company", at=At.SOMEWHERE),
    "GET /audit/log/checkpoint": Call(thing="tile", at=At.SOMEWHERE),
    "GET /audit/log/tile/{tile_path:path}": Call(thing="tile", at=At.COMPANY),
    "POST /audit/export": Call(thing="company", body=lambda _t: {"begin": 0, **WHY}, at=At.COMPANY),
    "GET /audit/export": Call(thing="company", at=At.COMPANY),
    "GET /audit/export/{export_id:uuid}": Call(thing="export", at=At.COMPANY, seen=Seen.BY_NOBODY),
    "GET /audit/export/{export_id:uuid}/file": Call(thing="export", at=At.COMPANY, seen=Seen.BY_NOBODY),
    "POST /contacts/{contact_id:uuid}/erase": ERASE,
    "GET /access/who-can": Call(query=lambda t: {"action": "message.read", "scope": t["scope"]}),
    "GET /access/explain": Call(
        query=lambda t: {"member": "writer@example.com", **asked(t)}, action=Action.ACCESS_READ
    ),
    "GET /access/where-can": person(
        query=lambda t: {"member": t["email"], "action": "message.read"}, at=At.SOMEWHERE, action=Action.ACCESS_READ
    ),
    "GET /tokens": person(query=lambda t: {"member": t["email"]}, action=Action.TOKEN_REVOKE),
}

PANEL: Mapping[str, Call] = {
    "GET /media/{media_id:uuid}": IMAGE,
    "GET /approvals": message(query=lambda _t: {"view": "team"}, listing=True),
    "GET /messages": message(listing=True),
    "GET /accounts": LISTING,
    "GET /compose": LISTING,
    "POST /compose": Call(body=form_draft, action=POST),
    "POST /compose/preview": Call(body=form_draft, action=POST),
    "GET /messages/{number:str}": message(),
    "GET /messages/{number:str}/why": message(),
    "GET /messages/{number:str}/edit": message(action=POST),
    "POST /messages/{number:str}/edit": message(lambda t: {**revision(t), "text": TEXT, "do": "draft"}, action=POST),
    "POST /messages/{number:str}/preview": message(lambda t: {**revision(t), "text": TEXT}, action=POST),
    "POST /messages/{number:str}/submit": message(revision, action=POST),
    "POST /messages/{number:str}/withdraw": Call(thing="own_message", body=revision),
    "POST /messages/{number:str}/schedule": message(
        lambda t: {**revision(t), "scheduled_at": wall(t)}, action=Action.MESSAGE_SCHEDULE
    ),
    "GET /unknown": Call(thing="unknown", listing=True),
    "GET /unknown/{number:str}": Call(thing="unknown"),
    "POST /unknown/{number:str}/read": Call(thing="unknown", body=lambda _t: {}),
    "POST /unknown/{number:str}/out": Call(thing="unknown", body=lambda _t: {"which": "other", **WHY}),
    "POST /unknown/{number:str}/not-out": Call(thing="unknown", body=lambda _t: {"not_reason": WHY["reason"]}),
    "POST /unknown/late/{attempt:uuid}/close": Call(thing="late", body=lambda _t: WHY),
    "POST /messages/{number:str}/approve": verdict("approve"),
    "POST /messages/{number:str}/reject": verdict("reject"),
    "POST /messages/{number:str}/request-changes": verdict("changes"),
    "POST /messages/{number:str}/undo": message(lambda _t: {}),
    "POST /messages/{number:str}/copy": message(lambda _t: {}, action=POST),
    "GET /conversations": msgspec.structs.replace(LISTING, thing="contact"),
    "GET /conversations/{conversation:uuid}": TALK,
    "POST /conversations/{conversation:uuid}/private": msgspec.structs.replace(TALK, body=lambda _t: {"view": "open"}),
    "POST /conversations/{conversation:uuid}/take": msgspec.structs.replace(TALK, body=lambda _t: {"view": "open"}),
    "POST /conversations/{conversation:uuid}/release": msgspec.structs.replace(TALK, body=lambda _t: {"view": "open"}),
    "POST /conversations/{conversation:uuid}/close": msgspec.structs.replace(TALK, body=lambda _t: {"reason": "spam"}),
    "POST /conversations/{conversation:uuid}/reopen": msgspec.structs.replace(
        TALK, thing="closed", body=lambda _t: {"view": "closed"}
    ),
    "GET /permissions": Call(thing="contact", at=At.SOMEWHERE),
    "GET /permissions/{contact:uuid}": Call(thing="contact"),
    "POST /permissions/{contact:uuid}/thread": on_contact(Action.CONVERSATION_READ_DM),
    "POST /permissions/{contact:uuid}/opt-in": Call(thing="contact", body=agreement, action=Action.CONSENT_RECORD),
    "POST /permissions/{contact:uuid}/opt-out": on_contact(Action.CONTACT_READ),
    "POST /permissions/{contact:uuid}/withdraw": on_contact(Action.CONTACT_READ),
    "POST /permissions/{contact:uuid}/clear-doubt": on_contact(Action.CONSENT_RECORD, **WHY),
    "POST /permissions/{contact:uuid}/invite": Call(
        thing="contact", body=lambda t: {"post": f"{t['handle']}:{t['x_id']}"}, action=Action.CONSENT_RECORD
    ),
    "GET /accounts/{handle:str}": Call(),
    "POST /accounts": Call(body=lambda t: {"handle": t["fresh"], "name": "New", "brand": t["slug"]}, at=At.BRAND),
    "POST /accounts/{handle:str}/edit": Call(body=lambda t: {"version": t["version"], "name": t["place"]}),
    "POST /accounts/{handle:str}/disconnect": Call(body=lambda _t: WHY),
    "GET /accounts/{handle:str}/connect": Call(),
    "GET /limits": Call(thing="company", at=At.SOMEWHERE),
    "POST /limits/try-again": Call(thing="company", body=lambda _t: {"do": "now"}, at=At.COMPANY),
    "POST /limits/{handle:str}/ceiling": Call(body=lambda t: {"version": t["version"], "ceiling": "50"}),
    "POST /accounts/{handle:str}/connect": Call(body=lambda _t: {"features": "images"}),
    "GET /x/callback": msgspec.structs.replace(OTHERS, query=lambda _t: {"state": "of-nobody", "code": "x"}),
    "POST /brands": Call(thing="company", body=lambda t: {"slug": t["fresh"].lower(), "name": "New"}, at=At.COMPANY),
    "GET /people": READ_SOMEWHERE,
    "POST /people": Call(thing="company", body=invitation, at=At.COMPANY),
    "GET /people/{email:str}": READ_SOMEWHERE,
    "GET /people/{email:str}/membership": READ_SOMEWHERE,
    "GET /people/{email:str}/can": person(at=At.SOMEWHERE, action=Action.ACCESS_READ),
    "POST /people/{email:str}/grants": ASSIGN,
    "POST /people/{email:str}/grants/{grant:uuid}/revoke": Call(
        thing="grant", body=lambda _t: WHY, seen=Seen.BY_ADMINISTRATION
    ),
    "POST /people/{email:str}/invite-again": person("invited", body={}),
    "POST /people/{email:str}/reset-sign-in": person(body=WHY),
    "POST /people/{email:str}/suspend": person(body=WHY),
    "POST /people/{email:str}/reinstate": person("suspended", body=WHY),
    "POST /people/{email:str}/remove": person(body=WHY),
    "GET /people/roles": READ_SOMEWHERE,
    "GET /people/roles/review": Call(thing="colleague", query=lambda t: {"c": f"add~viewer~{t['scope']}~{t['email']}"}),
    "POST /people/roles": CHANGE,
    "GET /access/who": Call(query=asked),
    "GET /policy": person(thing="company", at=At.SOMEWHERE),
    "GET /policy/try": Call(query=lambda t: {"who": "writer@example.com", **asked(t)}),
    "GET /why/{entry:uuid}": Call(thing="entry", action=Action.ACCESS_READ, seen=Seen.BY_NOBODY),
    "GET /audit": Call(thing="company", at=At.SOMEWHERE),
    "GET /audit/{arrival:int}": Call(thing="entry", seen=Seen.BY_NOBODY),
    "POST /audit/{arrival:int}/personal": Call(thing="entry", body=lambda _t: {}, seen=Seen.BY_NOBODY),
    "POST /audit/views/{view:uuid}/remove": msgspec.structs.replace(OTHERS, thing="others_view"),
    "GET /audit/log": Call(thing="company", at=At.SOMEWHERE),
    "GET /audit/export": Call(thing="company", at=At.COMPANY),
    "POST /audit/export": Call(
        thing="company", body=lambda _t: {"format": "csv", "range": "0:1", **WHY}, at=At.COMPANY
    ),
    "GET /audit/exports/{export:uuid}": Call(thing="export", at=At.COMPANY, seen=Seen.BY_NOBODY),
    "POST /audit/exports/{export:uuid}/file": Call(
        thing="export", body=lambda _t: {}, at=At.COMPANY, seen=Seen.BY_NOBODY
    ),
    "GET /contacts/{contact:uuid}/erase": msgspec.structs.replace(ERASE, body=None),
    "POST /contacts/{contact:uuid}/erase": msgspec.structs.replace(
        ERASE, body=lambda _t: {"ground": "retention", "sure": "yes", **WHY}
    ),
    "POST /pause": Call(body=stop),
    "POST /pause/{pause:uuid}/lift": Call(thing="pause", body=lambda _t: WHY),
    "GET /pause/{pause:uuid}": Call(thing="pause", seen=Seen.BY_NOBODY),
    "POST /decisions": message(
        lambda t: {"chosen": f"{t['which']}:{t['revision']}", "do": "release"}, action=Action.MESSAGE_SCHEDULE
    ),
    "POST /settings/security/tokens": Call(thing="company", body=lambda _t: {"name": "test"}, at=At.HELD),
    "POST /settings/security/tokens/{token:uuid}/revoke": OWN_TOKEN,
    "POST /settings/security/sessions/{session_id:uuid}/end": msgspec.structs.replace(OTHERS, thing="others_session"),
    "POST /settings/security/passkeys/{passkey:uuid}/remove": msgspec.structs.replace(OTHERS, thing="others_passkey"),
}

CALLS: Mapping[str, Call] = {
    **{key.replace(" /", " /api/v1/", 1): call for key, call in API.items()},
    **{key.replace(" /", " /admin/", 1): call for key, call in PANEL.items()},
}
ONES_OWN = frozenset(
    {
        "GET /api/v1/me",
        "GET /admin",
        "GET /api/v1/decisions",
        "GET /admin/confirm",
        "GET /admin/decisions",
        "GET /admin/pause",
        "GET /admin/settings",
        "GET /admin/settings/security",
    }
)
"""Reading of one's own, to which everybody signed in comes: nothing of elsewhere may be in it."""
