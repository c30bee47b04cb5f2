"""Rules of our own, read from the syntax tree. `# lint: allow <rule>: <reason>` excuses a line, if it needs it."""

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

from govern.domain.messages import State
from tests.architecture.sources import Source

MAX_FILE = 300
LONGER = {"src/govern/tlog/verify.py": 600}  # one file by design: it goes out alone, to be read by strangers
MAX_FUNCTION = 60
NO_CLOCK = ("access", "database", "domain", "screening", "services", "tables", "tlog")
READS_ENVIRONMENT = ("settings", "__init__")  # the package itself names Piccolo's configuration, before anything else
ENVIRONMENT = {"environ", "environb", "getenv", "putenv"}
STATES = frozenset(State)
SKIPS = {"importorskip", "mark.skip", "mark.skipif", "mark.xfail", "skip", "xfail"}


class Found(NamedTuple):
    """Where a rule is broken: an escape on any of these lines excuses it."""

    first: int
    last: int
    words: str


Rule = Callable[[Source], Iterator[Found]]


def check(source: Source, rules: dict[str, Rule] | None = None) -> list[str]:
    """Return a line for each broken rule, and for each escape that excuses nothing."""
    said, unused = [], dict(source.escapes)
    for name, rule in (RULES if rules is None else rules).items():
        for found in rule(source):
            excused = [line for line in range(found.first, found.last + 1) if source.escapes.get(line) == name]
            for line in excused:
                unused.pop(line, None)
            if not excused:
                said.append(f"{source.path}:{found.first}: {name}: {found.words}")
    said += [f"{source.path}:{line}: unused escape: nothing here breaks {rule!r}" for line, rule in unused.items()]
    return said


def at(node: ast.AST, words: str) -> Found:
    first = getattr(node, "lineno", 1)
    return Found(first, getattr(node, "end_lineno", None) or first, words)


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Give every call with the last part of what is called."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            yield node, last_name(node.func)


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def save(source: Source) -> Iterator[Found]:
    """`save()` writes every column, so the second writer wins."""
    for node, name in calls(source):
        if source.within("services") and name == "save" and isinstance(node.func, ast.Attribute):
            yield at(node, "insert, or update().where(version).returning()")


def batch(source: Source) -> Iterator[Found]:
    """`batch()` takes a connection of its own, outside pool and transaction."""
    for node, name in calls(source):
        if source.within("services") and name == "batch" and isinstance(node.func, ast.Attribute):
            yield at(node, "select in pages by key")


def sync(source: Source) -> Iterator[Found]:
    """`run_sync()` starts a loop of its own: another pool, another transaction."""
    for node, name in calls(source):
        if source.ours and name == "run_sync":
            yield at(node, "await it")


def transaction(source: Source) -> Iterator[Found]:
    """Piccolo's own transaction leaks its connection when COMMIT fails."""
    for node, name in calls(source):
        ours = source.ours and not source.within("database")
        if ours and name == "transaction" and isinstance(node.func, ast.Attribute):
            yield at(node, "database.transaction is the only way: import it by its name")


def raw(source: Source) -> Iterator[Found]:
    """SQL is a constant and its values are parameters: nothing can be injected, and no `{}` is lost."""
    for node, name in calls(source):
        sql = {"raw": 0, "WhereRaw": 0, "run_ddl": 0}.get(name)
        if source.ours and sql is not None and not (node.args and _is_constant(node.args[sql])):
            yield at(node, f"{name}() takes a string or a NAME_OF_ONE")


CASBIN = {
    "enable_enforce",  # False: everything is allowed
    "EnforceContext",  # as the first value of a request it chooses another model
    "FastEnforcer",  # drops definitions
    "SyncedEnforcer",
    "AsyncEnforcer",  # its reload loses denies
    "load_policy",  # blocks for seconds, and fails beside another
    "load_filtered_policy",
    "set_watcher",  # dies silently
    "set_adapter",
}


def casbin(source: Source) -> Iterator[Found]:
    """An enforcer is built once from a bundle and never changed: each of these has allowed too much somewhere."""
    for node in source.nodes:
        if source.within("access") and isinstance(node, ast.Name | ast.Attribute) and last_name(node) in CASBIN:
            yield at(node, "engines are stock, built once, and hold no grants")


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and _is_constant(node.left) and _is_constant(node.right)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return last_name(node).isupper()


def foreign_key(source: Source) -> Iterator[Found]:
    """A foreign key cascades unless it is told not to: history would die, or change, with its parent."""
    for node, name in calls(source):
        if source.ours and name == "ForeignKey":
            told = {word.arg: last_name(word.value) for word in node.keywords}
            if (told.get("on_delete"), told.get("on_update")) != ("restrict", "restrict"):
                yield at(node, "on_delete=OnDelete.restrict, on_update=OnUpdate.restrict")


def force(source: Source) -> Iterator[Found]:
    """`force=True` changes every row of a table; migrations may."""
    for node, _ in calls(source):
        for word in node.keywords:
            if (
                source.ours
                and word.arg == "force"
                and isinstance(word.value, ast.Constant)
                and word.value.value is True
            ):
                yield at(node, "say which rows")


def state(source: Source) -> Iterator[Found]:
    """Only the transition table knows what a state allows."""
    if not source.ours or source.within("domain", "sandbox"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(_is_state, sides)) or (any(map(_asks_state, sides)) and any(map(_is_state_word, sides))):
                yield at(node, "ask domain/messages.py: can(), next_state() or a set of its own")
        if isinstance(node, ast.MatchValue) and _is_state(node.value):
            yield at(node, "ask domain/messages.py")


def _is_state(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_state, node.elts))
    if isinstance(node, ast.Attribute) and node.attr == "value":
        return _is_state(node.value)
    return isinstance(node, ast.Attribute) and last_name(node.value) == "State" and node.attr.isupper()


def _asks_state(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "state"
    return last_name(node) == "state"


def _is_state_word(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_state_word, node.elts))
    return isinstance(node, ast.Constant) and node.value in STATES


def environment(source: Source) -> Iterator[Found]:
    """What a process is told is read once, and checked, in settings."""
    if not source.ours or source.within(*READS_ENVIRONMENT):
        return
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and dotted(node) in {f"os.{name}" for name in ENVIRONMENT}:
            yield at(node, "only settings.py reads the environment")
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and ENVIRONMENT & {name.name for name in node.names}
        ):
            yield at(node, "only settings.py reads the environment")


def clock(source: Source) -> Iterator[Found]:
    """Time is an argument: only entry points read the clock."""
    for node, name in calls(source):
        if source.within(*NO_CLOCK) and name in {"now", "utcnow", "today"} and "date" in dotted(node.func):
            yield at(node, "take `now`")


def tasks(source: Source) -> Iterator[Found]:
    """Two tasks in one transaction: another operation is in progress, and the connection is dead."""
    for node, name in calls(source):
        if source.within("services", "database") and name in {"gather", "create_task", "ensure_future", "TaskGroup"}:
            yield at(node, "one thing after the other")


def member_docstring(source: Source) -> Iterator[Found]:
    """Values are stored and shown: each says what it means."""
    if not source.within("domain"):
        return
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and "StrEnum" in map(last_name, node.bases):
            for member, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(member, ast.Assign) and not _is_text(after):
                    yield at(member, f"say what {ast.unparse(member.targets[0])} means, below it")


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def size(source: Source) -> Iterator[Found]:
    """What does not fit on a few screens is two things."""
    lines, most = source.text.count("\n"), LONGER.get(str(source.path), MAX_FILE)
    if lines > most:
        yield Found(1, 1, f"{lines} lines; {most} at most, 200 is the goal")
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield Found(node.lineno, node.lineno, f"{node.name} has {length} lines; {MAX_FUNCTION} at most")


def fake(source: Source) -> Iterator[Found]:
    """Fakes come in as arguments: a patched test proves nothing about what runs."""
    if not source.test:
        return
    for node in source.nodes:
        names = {name.name for name in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if module.startswith("unittest") or any(name.startswith("unittest") for name in names):
            yield at(node, "hand a fake in")
    for node, name in calls(source):
        if name in {"setattr", "delattr"} and dotted(node.func).startswith("monkeypatch."):
            yield at(node, "hand a fake in")


def skip(source: Source) -> Iterator[Found]:
    """A test that does not run is no test."""
    for node in source.nodes:
        if source.test and isinstance(node, ast.Attribute) and dotted(node).removeprefix("pytest.") in SKIPS:
            yield at(node, "make it run, or delete it")


RULES: dict[str, Rule] = {
    "batch": batch,
    "casbin": casbin,
    "clock": clock,
    "environment": environment,
    "fake": fake,
    "force": force,
    "foreign-key": foreign_key,
    "member-docstring": member_docstring,
    "raw": raw,
    "save": save,
    "size": size,
    "skip": skip,
    "state": state,
    "sync": sync,
    "tasks": tasks,
    "transaction": transaction,
}
