"""Our own rules: each refuses its bad snippet, lets its good one pass, and holds in the whole code."""

import pytest

from tests.architecture.lints import MAX_FILE, MAX_FUNCTION, RULES, check
from tests.architecture.sources import Source, python_files

SERVICE = "src/govern/services/x.py"
DOMAIN = "src/govern/domain/x.py"
TEST = "tests/x/test_x.py"
LONG_FUNCTION = "def f():\n" + "    pass\n" * MAX_FUNCTION

BAD = [
    ("save", SERVICE, "await message.save()"),
    ("batch", SERVICE, "Message.select().batch(batch_size=10)"),
    ("sync", SERVICE, "Message.select().run_sync()"),
    ("sync", SERVICE, "run_sync(work())"),
    ("transaction", SERVICE, "async with engine().transaction():\n    pass"),
    ("raw", SERVICE, "Message.raw(f'SELECT {column}')"),
    ("raw", SERVICE, "Message.raw('SELECT %s' % column)"),
    ("raw", SERVICE, "Message.raw(_SELECT + condition)"),
    ("raw", SERVICE, "Message.raw(_SELECT.format(column))"),
    ("raw", SERVICE, "Message.select().where(WhereRaw(condition))"),
    ("casbin", "src/govern/access/x.py", "enforcer.enable_enforce(False)"),
    ("casbin", "src/govern/access/x.py", "await enforcer.load_policy()"),
    ("casbin", "src/govern/access/x.py", "casbin.FastEnforcer(model)"),
    ("foreign-key", "src/govern/tables/x.py", "author = ForeignKey(Member)"),
    (
        "foreign-key",
        "src/govern/tables/x.py",
        "author = ForeignKey(Member, on_delete=OnDelete.cascade, on_update=OnUpdate.restrict)",
    ),
    ("foreign-key", "src/govern/tables/x.py", "author = ForeignKey(Member, on_delete=OnDelete.restrict)"),
    ("force", SERVICE, "Message.delete(force=True)"),
    ("state", SERVICE, "if message.state is State.SENT: pass"),
    ("state", SERVICE, "if message.state in {State.SENT, State.FAILED}: pass"),
    ("state", SERVICE, "if row['state'] == State.SENT.value: pass"),
    ("state", "src/govern/web/panel/x.py", "if message.state == 'sent': pass"),
    ("state", SERVICE, "match state:\n    case State.SENT: pass"),
    ("environment", SERVICE, "import os\nos.environ['HOME']"),
    ("environment", SERVICE, "from os import environ"),
    ("clock", SERVICE, "datetime.now(UTC)"),
    ("clock", DOMAIN, "datetime.date.today()"),
    ("tasks", SERVICE, "await asyncio.gather(a(), b())"),
    ("tasks", SERVICE, "asyncio.create_task(a())"),
    ("member-docstring", DOMAIN, "class S(StrEnum):\n    A = 'a'\n    'What it means.'\n    B = 'b'"),
    ("size", SERVICE, "\n" * (MAX_FILE + 1)),
    ("size", SERVICE, LONG_FUNCTION),
    ("fake", TEST, "from unittest.mock import Mock"),
    ("fake", TEST, "monkeypatch.setattr(govern.log, 'get', fake)"),
    ("skip", TEST, "@pytest.mark.skip\ndef test(): pass"),
    ("skip", TEST, "pytest.skip('no engine')"),
]
GOOD = [
    ("save", SERVICE, "await Message.insert(row)"),
    ("batch", SERVICE, "Message.select().where(Message.id > last).limit(100)"),
    ("sync", SERVICE, "await Message.select()"),
    ("transaction", SERVICE, "async with transaction():\n    pass"),
    ("raw", SERVICE, "Message.raw(_SELECT, member)"),
    ("raw", SERVICE, "Message.raw(views.SELECT + ' FOR UPDATE', member)"),
    ("casbin", "src/govern/access/x.py", "casbin.Enforcer(model).enforce_ex(subject, scope, action, facts)"),
    (
        "foreign-key",
        "src/govern/tables/x.py",
        "author = ForeignKey(M, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict)",
    ),
    ("force", "migrations/x.py", "Message.update({}, force=True)"),
    ("state", SERVICE, "state = next_state(message.state, Event.REVISE)"),
    ("state", SERVICE, "if message.state in DUE_STATES: pass"),
    ("state", SERVICE, "if account.state == 'connected': pass"),
    ("state", DOMAIN, "if state is State.SENT: pass"),
    ("environment", "src/govern/settings.py", "os.environ['HOME']"),
    ("clock", "src/govern/web/x.py", "datetime.now(UTC)"),
    ("clock", SERVICE, "f(now=now)"),
    ("tasks", "src/govern/worker.py", "asyncio.create_task(a())"),
    ("member-docstring", DOMAIN, "class S(StrEnum):\n    A = 'a'\n    'What it means.'"),
    ("size", SERVICE, "\n" * MAX_FILE),
    ("fake", TEST, "monkeypatch.setenv('GOVERN_ENV', 'production')"),
    ("skip", TEST, "def test(): pass"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_rule_refuses_its_bad_snippet(rule: str, path: str, text: str) -> None:
    assert any(f": {rule}: " in said for said in check(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_a_rule_lets_its_good_snippet_pass(rule: str, path: str, text: str) -> None:
    assert check(Source(path, text)) == []


def test_every_rule_has_both_snippets_and_says_why() -> None:
    assert set(RULES) == {rule for rule, *_ in BAD} == {rule for rule, *_ in GOOD}
    assert [name for name, rule in RULES.items() if not rule.__doc__] == []


def test_an_escape_excuses_its_line_from_its_rule() -> None:
    assert check(Source(SERVICE, "x.save()  # lint: allow save: a file, not a row")) == []
    assert check(Source(SERVICE, "f(\n    1,  # lint: allow save: a file\n).save()")) == []
    assert check(Source(SERVICE, "x.save()  # lint: allow batch: another rule"))
    assert check(Source(SERVICE, "x.save()  # lint: allow save:"))


def test_an_escape_that_nothing_needs_is_refused() -> None:
    (said,) = check(Source(SERVICE, "x = 1  # lint: allow save: there was one"))
    assert "unused escape" in said
    assert check(Source(SERVICE, "x = '# lint: allow save: in a string'")) == []


def test_our_code_keeps_the_rules() -> None:
    broken = [said for source in python_files("src/govern", "tests") for said in check(source)]
    assert not broken, "\n" + "\n".join(broken)
