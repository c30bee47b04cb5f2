"""Each role on each route, inside its place and outside: the policy's table decides, and elsewhere does not exist."""

import csv
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath

from govern.access import load_bundle
from govern.app import create_app
from govern.domain.actions import Action
from govern.services.grant_source import PostgresGrants
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.settings import Settings, shipped
from govern.web.guards import handlers
from tests.the_log import Log
from tests.web.conftest import program
from tests.web.role_calls import At, Call, Seen
from tests.web.role_people import ABOVE, INSIDE, NOWHERE, OUTSIDE, Listening, Person
from tests.web.role_routes import CALLS, ONES_OWN
from tests.web.role_world import Thing, World

TABLE = shipped("policies") / "access" / "tests" / "matrix.csv"
MATRIX: Mapping[str, Mapping[str, str]] = {row["action"]: row for row in csv.DictReader(TABLE.read_text().splitlines())}
_VARYING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{80,}=*")
"""Ids of requests and entries, and CSRF tokens, which are masked anew in each answer."""


@pytest.fixture
async def world(the_log: Log, config: Settings, policies: Policies) -> AsyncIterator[World]:
    app = create_app(config)
    app.state.access = Listening(load_bundle(shipped("policies") / "access"), PostgresGrants())
    world = World(app, app.state.access, policies, config, the_log)
    await world.build()
    yield world
    await world.close()


class Route:
    """A route with how to call it."""

    def __init__(self, path: str, handler: HTTPRouteHandler) -> None:
        self.path, self.handler = path, handler
        self.method = next(iter(sorted(handler.http_methods - {"HEAD", "OPTIONS"})))
        self.name = f"{self.method} {path}"
        action = handler.opt.get("action", ())
        self.declared: tuple[Action, ...] = action if isinstance(action, tuple) else (action,)
        self.call = CALLS.get(self.name)

    @property
    def action(self) -> Action:
        assert self.call is not None
        return self.call.action or self.declared[0]

    async def send(self, person: Person, thing: Thing) -> httpx.Response:
        call = self.call or Call()
        path = re.sub(r"{(\w+):\w+}", lambda found: str(thing[found[1]]), self.path)
        body = dict(call.body(thing)) if call.body else {}
        options: dict[str, Any] = {"headers": {"X-CSRF": person.csrf}} if self.method != "GET" else {}
        if body:
            options["json" if self.path.startswith("/api/") else "data"] = body
        if call.files:
            options["files"] = call.files(thing)
        if call.query:
            options["params"] = call.query(thing)
        return await person.client.request(self.method, path, **options)


def routes(app: Litestar) -> list[Route]:
    return [Route(route.path, handler) for route, handler in handlers(app)]


def walked(app: Litestar) -> list[Route]:
    """Return the routes that ask for a right, and those about one's own that take an id."""
    return [route for route in routes(app) if "action" in route.handler.opt or route.name in CALLS]


def is_right(person: Person, action: Action, scope: str, *met: str) -> bool:
    """Say by the reviewed table whether somebody may, where these conditions are met and no guard denies."""
    cells = [MATRIX[action][role] for role, held in person.held if held in ABOVE[scope]]
    allowing = {"allow", *(f"allow if {condition}" for condition in met)}
    return not any(cell.startswith("deny") for cell in cells) and any(cell in allowing for cell in cells)


def may(route: Route, person: Person, thing: Thing) -> bool:
    call, held = route.call or Call(), sorted(scope for _role, scope in person.held)
    scopes = {
        At.ACCOUNT: [thing["scope"]],
        At.BRAND: [thing["brand_scope"]],
        At.COMPANY: ["company"],
        At.SOMEWHERE: list(ABOVE),
        At.HELD: held[:1] or ["company"],
        At.NEVER: [],
    }[call.at]
    met = [*(["is_own"] if thing.get("own") else []), *(["for_self"] if call.at is At.HELD else [])]
    return any(is_right(person, route.action, scope, *met) for scope in scopes)


def knows(route: Route, person: Person, thing: Thing) -> bool:
    """Say whether somebody may know of the thing at all."""
    seen = (route.call or Call()).seen
    if seen is Seen.BY_READERS:
        return is_right(person, Action.MESSAGE_READ, thing["scope"])
    places = list(ABOVE) if seen is Seen.SOMEWHERE else [thing["scope"]]
    return seen is not Seen.BY_NOBODY and any(is_right(person, Action.ACCESS_READ, place) for place in places)


def same(answer: httpx.Response, thing: Thing) -> tuple[int, str]:
    """Return an answer without what differs between two requests, or between their ids."""
    text = answer.text
    for name in ("fresh", "email", "number", "which", "arrival", "place", "slug"):
        if name in thing:
            text = re.sub(rf"\b{re.escape(str(thing[name]))}\b", f"<{name}>", text, flags=re.IGNORECASE)
    return answer.status_code, _VARYING.sub("<varying>", text)


def in_words(answer: httpx.Response) -> str:
    """Return what an answer says, without its tags, as far as a line has room."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())[:300]


class Walk:
    """Goes through persons and places with one route, and notes what is not as the policy says."""

    def __init__(self, world: World, route: Route) -> None:
        self.world, self.route, self.wrong = world, route, list[str]()
        assert route.call is not None
        self.call = route.call

    async def go(self) -> list[str]:
        for person in self.world.people:
            if self.call.listing:
                await self.world.thing(self.call.thing, OUTSIDE, person)
            for place in self.places(person):
                await self.ask(person, place)
        return self.wrong

    def places(self, person: Person) -> list[str]:
        everywhere = person.below(OUTSIDE) or self.call.at is At.COMPANY or self.call.thing == "company"
        return [INSIDE] if everywhere or self.call.listing else [INSIDE, OUTSIDE]

    async def ask(self, person: Person, place: str) -> None:
        thing = await self.world.thing(self.call.thing, place, person)
        self.world.access.asked.clear()
        answer = await self.route.send(person, thing)
        asked, right = set(self.world.access.asked), may(self.route, person, thing)
        fault = self.listed(answer, person, right=right) if self.call.listing else None
        if fault is None and not self.call.listing:
            check = self.granted if right else self.refused
            fault = await check(answer, asked, person, thing)
        if (
            answer.status_code == 200
            and not person.below(OUTSIDE)
            and place == INSIDE
            and OUTSIDE.lower() in answer.text.lower()
        ):
            fault = f"shows what is elsewhere: {self.around(answer)}"
        if fault:
            self.wrong.append(f"{self.route.name} as {person.name} at {place}: {answer.status_code} {fault}")
        if answer.status_code < 400 and self.route.method != "GET":
            self.world.use_up(self.call.thing, place, person)

    def listed(self, answer: httpx.Response, person: Person, *, right: bool) -> str | None:
        shown = INSIDE.lower() in answer.text.lower()
        return None if answer.status_code == 200 and shown is right else f"shows the account: {shown}"

    async def granted(self, answer: httpx.Response, asked: set[Any], person: Person, thing: Thing) -> str | None:
        if answer.status_code in {400, 401, 403, 404, 405} or answer.status_code >= 500:
            return f"for who may: {in_words(answer)}"
        if (str(self.route.action), True) not in asked:
            return f"without asking for {self.route.action}, only {asked}"
        return None

    async def refused(self, answer: httpx.Response, asked: set[Any], person: Person, thing: Thing) -> str | None:
        if not knows(self.route, person, thing):
            nothing = await self.world.thing(self.call.thing, NOWHERE, person)
            other = await self.route.send(person, nothing)
            if same(answer, thing) != same(other, nothing):
                return f"tells that it exists: {in_words(answer)} / {other.status_code} {in_words(other)}"
            if answer.status_code not in {403, 404, 422}:
                return f"for who may not: {in_words(answer)}"
            return None
        if answer.status_code != 403:
            return f"for who may not: {in_words(answer)}"
        if not {(str(action), False) for action in (*self.route.declared, self.route.action)} & asked:
            return f"without asking for {self.route.declared}, only {asked}"
        return None

    @staticmethod
    def around(answer: httpx.Response) -> str:
        at = answer.text.lower().index(OUTSIDE.lower())
        return answer.text[max(0, at - 80) : at + 80]


def test_it_is_known_how_to_call_every_route(app: Litestar) -> None:
    unknown = [route.name for route in walked(app) if route.call is None]
    taking = [route for route in routes(app) if "signed_in" in route.handler.opt and route.name not in CALLS]
    unknown += [
        route.name for route in taking if "{" in route.path or (route.method == "GET" and route.name not in ONES_OWN)
    ]
    assert not unknown, "say in role_routes.py how to call these"
    gone = {*CALLS, *ONES_OWN} - {route.name for route in routes(app)}
    assert not gone, "there are no such routes"


async def test_a_route_that_asks_nobody_is_found(world: World) -> None:
    @get("/api/v1/careless/{which:str}", opt={"action": Action.MESSAGE_READ})
    async def careless(which: FromPath[str]) -> str:
        return str((await load_message(which)).revision.text)

    world.app.register(careless)
    route = next(each for each in routes(world.app) if "careless" in each.path)
    route.call = Call(thing="message")
    wrong = await Walk(world, route).go()
    assert len([each for each in wrong if "as nobody at Zinnia: 200 tells that it exists" in each]) == 1
    assert len([each for each in wrong if "as viewer_brand at Quagga: 200 tells that it exists" in each]) == 1
    assert len([each for each in wrong if "as viewer_brand at Zinnia: 200 without asking" in each]) == 1


@pytest.mark.parametrize("door", ["/api/", "/admin/"])
@pytest.mark.parametrize("reading", [True, False])
async def test_every_role_gets_from_every_route_what_the_policy_says(world: World, door: str, reading: bool) -> None:
    wrong: list[str] = []
    for route in walked(world.app):
        if route.call and route.path.startswith(door) and (route.method == "GET") is reading:
            wrong += await Walk(world, route).go()
    assert not wrong, "\n".join(wrong)


async def test_ones_own_pages_show_nothing_of_elsewhere(world: World) -> None:
    wrong = []
    for route in routes(world.app):
        if route.name in ONES_OWN:
            for person in world.people:
                answer = await route.send(person, {})
                if answer.status_code not in {200, 303} or (not person.below(OUTSIDE) and OUTSIDE in answer.text):
                    wrong.append(f"{route.name} as {person.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_nothing_opens_without_a_session(world: World) -> None:
    wrong = []
    async with program(world.app) as stranger:
        for route in routes(world.app):
            if "public" in route.handler.opt:
                continue
            path = re.sub(
                r"{\w+:(\w+)}", lambda found: {"int": "1", "uuid": str(UUID(int=0))}.get(found[1], "x"), route.path
            )
            answer = await stranger.request(route.method, path)
            leads = route.method == "GET" and not path.startswith("/api/")
            if answer.status_code != (303 if leads else 401):
                wrong.append(f"{route.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
