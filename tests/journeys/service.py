"""The running service as tests reach it: its people and programs, its parts, and what it says of itself."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import cached_property
from typing import Any

import asyncpg
import httpx
import msgspec
import psutil
import redis

from tests.running.conftest import Up, wait_for

# A worker that dies while it sends leaves a message unsettled until the attempt's deadline: short here, else a journey waits.
SETTINGS = {
    "GOVERN_SEND_WRITE_WINDOW": "2",
    "GOVERN_SEND_TIMEOUT": "5",
    "GOVERN_ATTEMPT_DEADLINE": "14",
    "GOVERN_POLL_EVERY": "2",
    "GOVERN_RECONCILE_READS": "2,60,120",
}
LATEST = 40.0  # seconds until a message has its last state: time to undo, two sweeps, a deadline, a slow machine
COMMANDS = {"web": "serve", "worker": "worker", "sandbox": "sandbox"}

Json = dict[str, Any]


class Person(msgspec.Struct, frozen=True):
    """Somebody of the demo company."""

    email: str
    password: str
    roles: tuple[str, ...]
    token: str


class Service:
    """`govern up`, ready; everybody by first name: `service.program("hugo")`."""

    def __init__(self, up: Up, ready: Json) -> None:
        self.up = up
        self.panel: str = ready["panel"]
        self.api: str = ready["api"]
        self.sandbox: str = ready["sandbox"]
        self.people = {
            member["email"].partition(".")[0]: msgspec.convert(member, Person, strict=False)
            for member in ready["members"]
        }
        self.last_words = ""
        self._open = ExitStack()
        self._programs: dict[str, httpx.Client] = {}
        self._scripts: dict[str, httpx.Client] = {}

    @property
    def panel_by_address(self) -> str:
        """The panel without a name: browsers keep passkeys for names only."""
        return self.panel.replace("localhost", "127.0.0.1")

    @cached_property
    def x(self) -> httpx.Client:
        """The sandbox's control API."""
        return self._client(f"{self.sandbox}/_sandbox", {})

    def program(self, name: str) -> httpx.Client:
        """A program with this person's token."""
        if name not in self._programs:
            token = {"Authorization": f"Bearer {self.people[name].token}"}
            self._programs[name] = self._client(self.api, token)
        return self._programs[name]

    def script(self, name: str) -> httpx.Client:
        """The API as the panel's own scripts ask it: with this person's fresh session, which tokens never are."""
        if name not in self._scripts:
            client = self._client(self.panel.removesuffix("/admin"), {})
            person = {"email": self.people[name].email, "password": self.people[name].password}
            assert client.post("/admin/sign-in", data=person).status_code == 303
            found = re.search(r'name="_csrf" value="([^"]+)"', client.get("/admin/settings").text)
            assert found is not None
            client.headers["X-CSRF"] = found[1]
            client.base_url = httpx.URL(self.panel.removesuffix("/admin") + "/api/v1")
            self._scripts[name] = client
        return self._scripts[name]

    def close(self) -> None:
        self._open.close()

    def write(self, name: str, account: str, text: str, **fields: object) -> Json:
        """Let somebody write a message through the API and hand it in, having seen what screening warns of."""
        body = {"account": account, "kind": "post", "text": text, "submit": True, **fields}
        answer = self.program(name).post("/messages", json=body)
        if answer.status_code == 409 and answer.json()["code"] == "screening.unacknowledged":
            seen = [{"rule": found["rule"], "span": found["span"]} for found in answer.json()["findings"]]
            answer = self.program(name).post("/messages", json={**body, "acknowledged": seen})
        written: Json = told(answer, 201)
        return written

    def message(self, number: str) -> Json:
        """A message as Claire reads it, who may also read private ones."""
        found: Json = told(self.program("claire").get(f"/messages/{number}"))
        return found

    def wait_until(self, number: str, *states: str, limit: float = LATEST) -> Json:
        """Wait until a message is in one of the states, and return it."""
        wait_for(lambda: self.message(number)["state"] in states, limit)
        return self.message(number)

    def entries(self, **wanted: str) -> list[Json]:
        """What compliance finds in the log, oldest first."""
        found: list[Json] = told(self.program("sarah").get("/audit/entries", params={"limit": "100", **wanted}))[
            "items"
        ]
        return found[::-1]

    def posts(self, text: str) -> list[Json]:
        """The posts of the sandbox with exactly this text."""
        return [post for post in told(self.x.get("/state"))["posts"] if post["text"] == text]

    def dms(self, text: str) -> list[Json]:
        return [dm for dm in told(self.x.get("/state"))["dms"] if dm["text"] == text]

    def customer_writes(self, customer: str, account: str, text: str, kind: str = "dm") -> str:
        body = {"kind": kind, "from": customer, "to": account, "text": text}
        written: str = told(self.x.post("/inbound", json=body), 201)["id"]
        return written

    def wait_until_heard(self, customer: str, account: str) -> None:
        """Wait until the worker has read what a customer wrote: the right to answer follows from it."""
        wait_for(lambda: self._may_answer(customer, account))

    def part(self, name: str) -> psutil.Process:
        """One of the processes it started: web, worker, sandbox or postgres."""
        found = [part for part in self.up.parts() if _is(part, name)]
        assert len(found) == 1, f"{len(found)} processes are {name}"
        return found[0]

    def wait_for_part(self, name: str, *, other_than: int) -> None:
        """Wait until the supervisor has started a part again."""
        wait_for(lambda: any(_is(part, name) and part.pid != other_than for part in self.up.parts()))

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """Hold the supervisor still, so that a part that ends stays away."""
        keeper = psutil.Process(self.up.process.pid)
        keeper.suspend()
        try:
            yield
        finally:
            keeper.resume()

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """The database as the machine's owner opens it: above all rights."""
        password = (self.up.data / "secrets" / "postgres").read_text().strip()
        connection = await asyncpg.connect(
            re.sub("//[^@]+@", f"//postgres:{password}@", self._told_at_start["GOVERN_DATABASE_URL"])
        )
        try:
            yield connection
        finally:
            await connection.close()

    @contextmanager
    def valkey(self) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(self._told_at_start["GOVERN_REDIS_URL"]) as valkey:
            yield valkey

    def flush_valkey(self) -> None:
        with self.valkey() as valkey:
            valkey.flushall()

    @property
    def _told_at_start(self) -> dict[str, str]:
        """What `govern up` told its parts, for whoever comes later."""
        found: dict[str, str] = json.loads((self.up.data / "running.json").read_text())
        return found

    def health(self) -> int:
        """The status the health page answers with."""
        return self.program("sarah").get("/health").status_code

    def logs(self, lines: int = 25) -> str:
        """The last lines of every part, for a person who looks why it failed."""
        files = [self.up.printed, *sorted((self.up.data / "logs").glob("*.log"))]
        return "\n".join(f"--- {file.name}\n{_tail(file.read_text(errors='replace'), lines)}" for file in files)

    def _may_answer(self, customer: str, account: str) -> bool:
        body = {"account": account, "kind": "dm", "text": "Hello", "recipient": customer}
        found = told(self.program("claire").post("/screen", json=body))["findings"]
        return "DM-UNSOLICITED" not in [finding["rule"] for finding in found]

    def _client(self, address: str, headers: dict[str, str]) -> httpx.Client:
        return self._open.enter_context(httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False))


def told(answer: httpx.Response, status: int = 200) -> Any:
    """What a successful answer says."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    return answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """What a refusal says, which is always a problem of RFC 9457."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    return problem


def in_order(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether all that is wanted is there, in this order; other things may stand between."""
    rest = iter(found)
    return all(each in rest for each in wanted)


def _is(part: psutil.Process, name: str) -> bool:
    try:
        line = part.cmdline()
    except psutil.NoSuchProcess:
        return False
    if name == "postgres":
        return part.name() == "postgres" and "-D" in line
    return COMMANDS[name] in line and "govern.cli" in line


def _tail(text: str, lines: int) -> str:
    return "\n".join(text.splitlines()[-lines:])
