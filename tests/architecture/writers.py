"""The list of service functions is the product's manual: every one that changes something says who, when, and records it.

Read from the syntax trees of `services/`: who writes to a table, who calls whom, who opens the transaction. A public
function that writes is either a use case, or a part that only use cases call. A use case opens the transaction, takes
`actor` and `now` by their names, and reaches `audit.record`.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.architecture.lints import dotted, last_name
from tests.architecture.sources import Source

RECORD = "govern.services.audit.record"
OPENERS = {"govern.database.transaction", "govern.services.use_case.use_case"}
WRITES = {"insert", "update", "delete"}
# The columns that hold private messages: what people wrote to us (`inbound i`), and what we write (`revision r`).
_PRIVATE_SQL = re.compile(
    r"\b(i|r)\.text\b(?! ILIKE)|\bSELECT\b[^;]*\btext\b[^;]*\bFROM (inbound|revision)\b|\bu\.alt_text\b|\bSELECT\b[^;]*\bcontent\b[^;]*\bFROM media\b"
)
_WRITING_SQL = re.compile(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


class Function(NamedTuple):
    """What one function does by itself. `calls` are full names, of services or not."""

    name: str
    public: bool
    arguments: frozenset[str]
    """Those that are given by name only."""
    calls: frozenset[str]
    writes: bool
    reads_private: bool
    """It selects a text that may be a private message's."""
    acts_as_system: bool
    """It hands on an actor of its own, a constant."""


Graph = Mapping[str, Function]


def read_services(sources: Iterable[Source]) -> Graph:
    """Read every function of `services/`, by its full name."""
    files = list(sources)
    texts = shared_texts(files)
    return {function.name: function for source in files for function in _functions(source, texts)}


def shared_texts(sources: Sequence[Source]) -> dict[str, str]:
    """Return the text of every constant, by its full name: SQL is put together from parts of other modules too."""
    found: dict[str, str] = {}
    for _ in range(2):  # the second round knows what the first one found in modules of a later name
        for source in sources:
            known = _known(source, found)
            found |= {f"{module_name(source)}.{name}": text for name, text in _constants(source.tree, known).items()}
    return found


def _known(source: Source, texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts[full] for name, full in imported(source).items() if full in texts}


def module_name(source: Source) -> str:
    return source.path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _functions(source: Source, shared: Mapping[str, str]) -> Iterator[Function]:
    names, module = imported(source), module_name(source)
    known = _known(source, shared)
    texts = known | _constants(source.tree, known)
    names = {each.name: f"{module}.{each.name}" for each in source.tree.body if isinstance(each, AnyFunction)} | names
    for prefix, body in _bodies(source.tree):
        for node in body:
            if isinstance(node, AnyFunction):
                yield _function(f"{module}.{prefix}{node.name}", node, names, texts)


def _bodies(tree: ast.Module) -> Iterator[tuple[str, Sequence[ast.stmt]]]:
    yield "", tree.body
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield f"{node.name}.", node.body


def _function(name: str, node: AnyFunction, names: Mapping[str, str], texts: Mapping[str, str]) -> Function:
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return Function(
        name=name,
        public=not node.name.startswith("_"),
        arguments=frozenset(argument.arg for argument in node.args.kwonlyargs),
        calls=frozenset(filter(None, (_full_name(each.func, names) for each in calls))),
        writes=any(_writes(each, names, texts) for each in calls),
        reads_private=any(_PRIVATE_SQL.search(text) for each in calls for text in _sql(each, texts)),
        acts_as_system=any(
            word.arg == "actor" and last_name(word.value).isupper() for each in calls for word in each.keywords
        ),
    )


def imported(source: Source) -> dict[str, str]:
    """Return what each imported name stands for."""
    return {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in source.nodes
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def _full_name(node: ast.expr, names: Mapping[str, str]) -> str | None:
    first, _, rest = dotted(node).partition(".")
    return f"{names[first]}.{rest}".removesuffix(".") if first in names else None


def _writes(call: ast.Call, names: Mapping[str, str], texts: Mapping[str, str]) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "raw":
        return any(_WRITING_SQL.search(text) for text in _sql(call, texts))
    target = (_full_name(call.func.value, names) or "").rpartition(".")[0]
    return call.func.attr in WRITES and target == "govern.tables"


def _sql(call: ast.Call, texts: Mapping[str, str]) -> list[str]:
    """Return the texts of the statement a `raw` call runs."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "raw"):
        return []
    return [text for sql in call.args[:1] for text in _texts(sql, texts)]


def _constants(tree: ast.Module, known: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = "".join(_texts(node.value, {**known, **found}))
    return found


def _texts(node: ast.expr, known: Mapping[str, str]) -> list[str]:
    given = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return given + [known[each.id] for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in known]


def reach(name: str, graph: Graph) -> frozenset[str]:
    """Return every name that a function calls, itself or by what it calls."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for called in graph[waiting.pop()].calls - found:
            found.add(called)
            if called in graph and called not in OPENERS | {RECORD}:
                waiting.append(called)
    return frozenset(found)


def check_writers(graph: Graph, callers: Iterable[Source], exempt: Mapping[str, str]) -> list[str]:
    """Return a line for each use case that breaks its promises, and for each exemption that nothing needs."""
    said, excused = [], set()
    for name in _use_cases(graph, callers):
        faults = list(_faults(graph[name], _with_parts(name, graph), reach(name, graph)))
        if name in exempt and faults:
            excused.add(name)
        elif faults:
            said.append(f"{name} {', '.join(faults)}")
    return said + [f"{name} needs no exemption" for name in exempt.keys() - excused]


def check_readers(graph: Graph, callers: Iterable[Source], exempt: Mapping[str, str]) -> list[str]:
    """Return a line for each function that hands out private messages unrecorded, and for each exemption in vain."""
    outside = {name for source in callers for name in _named(source)}
    silent = {
        name
        for name, function in graph.items()
        if function.public
        and name in outside
        and any(part.reads_private for part in _with_parts(name, graph))
        and RECORD not in reach(name, graph)
    }
    said = [f"{name} shows private messages and records nothing" for name in sorted(silent - exempt.keys())]
    return said + [f"{name} needs no exemption" for name in sorted(exempt.keys() - silent)]


def _use_cases(graph: Graph, callers: Iterable[Source]) -> Iterator[str]:
    """Give the public functions that write and open a transaction, or are called from outside, or by nobody."""
    outside = {name for source in callers for name in _named(source)}
    called = {each for function in graph.values() for each in function.calls}
    for name, function in graph.items():
        an_end = name in outside or name not in called or reach(name, graph) & OPENERS
        if function.public and an_end and any(part.writes for part in _with_parts(name, graph)):
            yield name


def _with_parts(name: str, graph: Graph) -> list[Function]:
    return [graph[name], *(graph[each] for each in reach(name, graph) if each in graph)]


def _faults(function: Function, parts: Sequence[Function], reached: frozenset[str]) -> Iterator[str]:
    if not reached & OPENERS:
        yield "opens no transaction"
    if "now" not in function.arguments:
        yield "takes no keyword `now`"
    if "actor" not in function.arguments and not any(part.acts_as_system for part in parts):
        yield "takes no keyword `actor`"
    if RECORD not in reached:
        yield "records nothing"


def _named(source: Source) -> Iterator[str]:
    names = imported(source)
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            full = _full_name(node, names)
            if full:
                yield full
