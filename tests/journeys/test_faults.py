"""Parts that die while people work: nothing is sent twice, nothing is lost, and everybody is told in plain words."""

import signal

import psutil

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service, refused, told
from tests.running.conftest import wait_for


async def test_a_worker_killed_while_it_sends_leaves_one_post_and_reading_x_finds_it(
    service: Service, words: str
) -> None:
    text = f"Sent, but nobody heard, {words}."
    told(service.x.post("/faults", json={"kind": "commit_then_slow", "match": {"text": words}}), 201)
    number = service.write("hugo", "AldaneCare", text)["number"]
    told(service.program("claire").post(f"/messages/{number}/approve", json={"revision": 1}))
    wait_for(lambda: len(service.posts(text)) == 1)
    worker = service.part("worker")
    worker.kill()
    service.wait_for_part("worker", other_than=worker.pid)
    service.wait_until(number, "sent")
    assert len(service.posts(text)) == 1
    actions = [entry["action"] for entry in service.entries(subject=number)]
    assert actions[-3:] == ["publication.sending", "publication.unknown", "publication.settled"]


async def test_an_outcome_settled_as_not_out_is_sent_once_more_and_only_once(
    visit: Visit, service: Service, words: str
) -> None:
    text = f"Never left, {words}."
    told(service.x.post("/faults", json={"kind": "drop_before_commit", "match": {"text": words}}), 201)
    number = service.write("hugo", "AldaneCare", text)["number"]
    told(service.program("claire").post(f"/messages/{number}/approve", json={"revision": 1}))
    service.wait_until(number, "outcome_unknown")
    assert service.posts(text) == []
    wait_for(lambda: told(service.program("claire").get(f"/messages/{number}/outcome"))["may_settle"])
    claire = await visit("claire")
    await open_desk(claire, number)
    await say_how(claire, "It is not out: send once", "It is not on the timeline.")
    service.wait_until(number, "sent")
    assert len(service.posts(text)) == 1


async def open_desk(visitor: Visitor, number: str) -> None:
    await visitor.page.locator("#side").get_by_role("link", name="Unknown outcome").click()
    await visitor.page.get_by_role("link", name=number).click()


async def say_how(visitor: Visitor, verdict: str, reason: str) -> None:
    form = visitor.page.locator("form").filter(has=visitor.page.get_by_role("button", name=verdict, exact=True))
    await form.get_by_label("How do you know?").fill(reason)
    await visitor.press(verdict)
    await visitor.page.wait_for_url("**/admin/messages/*done=settle")


def test_what_was_approved_goes_out_though_valkey_forgot_it(service: Service, words: str) -> None:
    written = service.write("hugo", "AldaneCare", f"Still here, {words}.")
    told(service.program("claire").post(f"/messages/{written['id']}/approve", json={"revision": 1}))
    service.flush_valkey()
    service.wait_until(written["id"], "sent")
    assert len(service.posts(f"Still here, {words}.")) == 1


async def test_without_postgresql_people_and_programs_are_told_and_it_recovers_by_itself(
    visit: Visit, service: Service, words: str
) -> None:
    claire = await visit("claire")
    claire.expect(503)
    web, worker = service.part("web"), service.part("worker")
    with service.unattended():
        stop(service.part("postgres"))
        answer = await claire.open("/approvals")
        assert answer.status == 503
        assert "retry-after" in answer.headers
        await claire.sees("Nothing was changed")
        body = {"account": "AldaneCare", "kind": "post", "text": f"Later, {words}.", "submit": True}
        problem = refused(service.program("hugo").post("/messages", json=body), 503, "unavailable")
        assert "Traceback" not in str(problem)
        assert service.health() == 503
    wait_for(lambda: service.health() == 200, 60)
    assert (await claire.open("/approvals")).status == 200
    written = service.write("hugo", "AldaneCare", f"Later, {words}.")
    told(service.program("claire").post(f"/messages/{written['id']}/approve", json={"revision": 1}))
    service.wait_until(written["id"], "sent")
    assert (service.part("web").pid, service.part("worker").pid) == (web.pid, worker.pid)


def stop(server: psutil.Process) -> None:
    """Stop PostgreSQL as an administrator would in a hurry; its parent is held still and cannot bury it."""
    server.send_signal(signal.SIGINT)
    wait_for(lambda: server.status() == psutil.STATUS_ZOMBIE)
