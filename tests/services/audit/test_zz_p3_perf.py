import time
from govern.services import audit
from govern.services.audit import EntryFilter
from govern.services.audit.indexing import index_published
from tests.services.audit.conftest import EVERYTHING, Company, approve

SQL = """
INSERT INTO audit.entry (entry, leaf_hash)
SELECT t, sha256('\\x00'::bytea || convert_to(t, 'UTF8')) FROM (SELECT
 '{"action":"' || (ARRAY['message.drafted','message.approved','session.signed_in','publication.sent'])[1 + n % 4] || '","actor":{"id":"member:' || (n % 50) || '","kind":"member","via":"panel"},"at":"' || to_char(timestamp '2026-01-01' + n * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","data":{"reason":"why_' || (n % 1000) || '"},"id":"' || gen_random_uuid() || '","object":{"id":"m' || (n % 5000) || '","kind":"message"},"outcome":"done","refs":[{"id":"r' || (n % 3000) || '","kind":"contact"}],"scope":"account:Help"}'
 FROM generate_series(1, $1) AS n) AS s (t)
"""


async def test_perf(the_log, company: Company, owner) -> None:
    t = time.time()
    await owner.execute(SQL, 100_000)
    print("insert", time.time() - t); t = time.time()
    async def times(label):
        await approve(company)
        for wanted in ({}, {"actor": "member:7"}, {"action": "message"}, {"q": "why_77"}, {"q": "approved"}, {"q": "nothinglikethis"}, {"subject": str(company.message)}, {"q": "before:2026-01-02"}, {"q": "after:2026-03-01 before:2026-03-02"}, {"q": "rule:x"}, {"q": "-approved why_78"}, {"at": __import__("datetime").datetime(2026,1,5,tzinfo=__import__("datetime").timezone.utc)}):
            best = 9.0
            for _ in range(3):
                t = time.perf_counter()
                page = await audit.search_entries(EntryFilter(**wanted), scopes=EVERYTHING)
                best = min(best, time.perf_counter() - t)
            print(label, wanted, len(page.items), round(best * 1000, 1), "ms")
    await times("unplaced")
    t = time.time()
    await the_log.grow()
    print("grow", time.time() - t); t = time.time()
    async with the_log.as_sequencer():
        while await index_published():
            pass
    print("index", time.time() - t)
    await owner.execute("ANALYZE audit.search"); await owner.execute("ANALYZE audit.entry"); await owner.execute("ANALYZE audit.leaf")
    await times("indexed")
