"""The stop switch and what waits for a decision, as programs see it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from govern.access import Access
from govern.domain.ids import message_number
from govern.domain.members import Actor, Via, member_actor
from govern.domain.messages import Kind
from govern.services.approvals import approve_message
from govern.services.expiry import expire_late_approvals
from govern.services.members import find_by_email
from govern.services.message_views import load_message
from govern.services.pauses import set_pause
from govern.services.policies import Policies
from govern.services.releasing import lift
from tests.factories import Company, make_message
from tests.web.conftest import Api, address

STOP = {"scope": "brand:care", "kinds": ["post"], "reason": "An accident in the news."}
Approved = Callable[[str], Awaitable[str]]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def actor_of(name: str) -> Actor:
    member = await find_by_email(address(name))
    assert member is not None
    return member_actor(member.id, member.name, via=Via.PANEL, fresh=True)


@pytest.fixture
def approved(company: Company, access: Access, policies: Policies) -> Approved:
    """`await approved(text)`: the number of a message of Ana's that Mia approved."""

    async def make(text: str) -> str:
        now = datetime.now(UTC)
        message = await make_message(company.ana, access=access, policies=policies, text=text, now=now)
        await approve_message(
            message.id, revision=1, actor=await actor_of("mia"), access=access, policies=policies, now=now
        )
        return message_number(message.number)

    return make


async def test_pause_is_counted_set_read_lifted_and_remembered(api: Api, approved: Approved) -> None:
    await approved("One.")
    mia = api("mia")
    counted = await mia.post("/pauses/count", json={"scope": "brand:care"})
    assert counted.json() == {"held": 1, "in_flight": 0, "unknown": 0}
    stopped = (await mia.post("/pauses", json=STOP)).json()
    assert (stopped["held"], stopped["pause"]["lifted_at"]) == (1, None)
    which = stopped["pause"]["id"]
    read = (await api("leo").get(f"/pauses/{which}")).json()
    assert (read["held"], read["in_hand"], read["pause"]["set_by"]) == (1, [], "Mia")
    assert (await api("noa").get(f"/pauses/{which}")).status_code == 404
    assert code_of(await mia.post(f"/pauses/{which}/lift", json={})) == (403, "access.denied")
    assert (await mia.get("/pauses")).json()["items"][0]["id"] == which
    assert (await mia.get("/pauses?over=true")).json()["items"] == []


async def test_what_waits_is_listed_and_released_each_by_itself(api: Api, approved: Approved, access: Access) -> None:
    one, two = [await approved(text) for text in ("One.", "Two.")]
    now = datetime.now(UTC)
    ada, cleo = await actor_of("ada"), await actor_of("cleo")
    effect = await set_pause(scope="company", kinds=list(Kind), reason="News.", actor=ada, access=access, now=now)
    await lift(effect.pause.id, actor=cleo, access=access, now=now)
    listed = (await api("mia").get("/decisions")).json()
    assert [(each["why"], each["message"]["number"]) for each in listed["waiting"]] == [
        ("release_needed", one),
        ("release_needed", two),
    ]
    assert (await api("noa").get("/decisions")).json() == {"waiting": [], "missed": []}
    chosen = [{"message": one, "revision": 1}, {"message": two, "revision": 7}]
    answer = (await api("mia").post("/decisions/release", json={"messages": chosen, "reason": "Still true."})).json()
    assert answer["released"] == 1
    assert [each["code"] for each in answer["items"]] == [None, "message.stale_revision"]
    alone = await api("mia").post("/decisions/release", json={"messages": chosen[1:]})
    assert code_of(alone) == (409, "message.stale_revision")
    assert code_of(await api("leo").post("/decisions/release", json={"messages": chosen[1:]})) == (403, "access.denied")
    at = (now + timedelta(days=30)).replace(hour=10, minute=0, second=0, microsecond=0)
    later = {"messages": [{"message": two, "revision": 1}], "scheduled_at": at.isoformat()}
    planned = (await api("mia").post("/decisions/release", json=later)).json()
    assert datetime.fromisoformat(planned["items"][0]["due_at"]) == at
    assert (await load_message(two)).scheduled_at == at


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": []},
        {"messages": [{"message": "M-1"}]},
        {"messages": [{"message": "M-1", "revision": 1}] * 201},
        {"messages": [{"message": "M-1", "revision": 1}], "fold": 3},
        {"messages": [{"message": "M-1", "revision": 1}], "now": True},
    ],
)
async def test_bad_release_is_refused(api: Api, wrong: dict[str, object]) -> None:
    assert code_of(await api("mia").post("/decisions/release", json=wrong)) == (422, "request.invalid")


async def test_missed_messages_are_listed_for_author_and_manager(
    api: Api, company: Company, access: Access, policies: Policies
) -> None:
    now = datetime.now(UTC)
    message = await make_message(
        company.ana, access=access, policies=policies, scheduled_at=now + timedelta(minutes=1), now=now
    )
    await expire_late_approvals(now=now + timedelta(minutes=2))
    for name, count in (("ana", 1), ("mia", 1), ("leo", 0), ("noa", 0)):
        missed = (await api(name).get("/decisions")).json()["missed"]
        assert [each["id"] for each in missed] == [str(message.id)] * count, name
