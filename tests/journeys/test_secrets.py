"""Secrets stay where they belong: whoever reads a log, the database or Valkey finds none."""

import json
from collections.abc import Iterator

import redis

from tests.journeys.service import Service

TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'audit')"
ROWS = "SELECT coalesce(string_agg(t::text, ' '), '') FROM {} t"


def secrets(service: Service) -> dict[str, str]:
    """Every secret of the running company by name: of its engines, its X app, its accounts, its people."""
    found = {file.name: file.read_text().strip() for file in (service.up.data / "secrets").iterdir()}
    del found["x_client_id"]  # as public as a handle: it stands in the address of X's own page
    for record in map(json.loads, (service.up.data / "sandbox.jsonl").read_text().splitlines()):
        found |= {
            f"{record.get('handle')} {name}": record[name]
            for name in ("access_token", "access_token_secret")
            if record.get(name)
        }
    for name, person in service.people.items():
        found |= {f"password of {name}": person.password, f"token of {name}": person.token}
    return found


def contents(valkey: redis.Redis) -> Iterator[str]:
    """Everything in Valkey, names and values."""
    for key in valkey.scan_iter():
        yield repr(key)
        yield repr(valkey.dump(key))


async def test_no_secret_is_in_a_log_in_a_plain_column_or_in_valkey(service: Service, words: str) -> None:
    number = service.write("hugo", "AldaneCare", f"Nothing to hide, {words}.")["number"]
    service.program("claire").post(f"/messages/{number}/approve", json={"revision": 1})
    service.customer_writes("julie_m", "AldaneCare", f"Where is my sofa, {words}?")
    service.wait_until(number, "sent")
    service.wait_until_heard("julie_m", "AldaneCare")

    places = {file.name: file.read_text(errors="replace") for file in (service.up.data / "logs").glob("*.log")}
    assert {"web.log", "worker.log", "postgres.log"} <= set(places)
    async with service.owner() as owner:
        for (table,) in await owner.fetch(TABLES):
            places[table] = await owner.fetchval(ROWS.format(table))
    assert words in places["public.revision"]  # what is looked at is really what is there
    with service.valkey() as valkey:
        places["valkey"] = " ".join(contents(valkey))
    leaks = [
        f"{name} in {place}"
        for place, text in places.items()
        for name, secret in secrets(service).items()
        if secret in text or secret.encode().hex() in text
    ]
    assert leaks == []
