"""X is called outside of transactions; the one exception has a name, and it alone uses what allows it."""

import ast

from tests.architecture.lints import last_name
from tests.architecture.sources import Source, python_files

REFRESH = "govern.xapi.oauth.refresh"
MAY_REFRESH = {"src/govern/services/refreshing.py"}


def senders(source: Source) -> set[str]:
    """Return the public functions of a file that ask a token endpoint without refusing inside a transaction."""
    functions = {
        node.name: {last_name(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    sending = {"_post", "_granted"}
    return {
        name
        for name, called in functions.items()
        if not name.startswith("_") and called & sending and "_refuse_in_transaction" not in called
    }


def importers(name: str) -> set[str]:
    module, _, function = name.rpartition(".")
    return {
        source.path
        for source in python_files("src/govern")
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and node.module == module and function in {each.name for each in node.names}
    }


def test_only_a_refresh_may_be_asked_for_inside_a_transaction() -> None:
    (oauth,) = (source for source in python_files("src/govern/xapi") if source.path.endswith("xapi/oauth.py"))
    assert senders(oauth) == {"refresh"}


def test_only_renewing_under_the_lock_of_its_row_asks_for_a_refresh() -> None:
    assert importers(REFRESH) == MAY_REFRESH


def test_every_other_call_to_x_refuses_inside_a_transaction() -> None:
    sessions = {
        source.path
        for source in python_files("src/govern")
        for node in source.nodes
        if isinstance(node, ast.Call)
        and last_name(node.func) in {"XSession", "AsyncClient", "ClientSession"}
        and source.within("xapi")
    }
    measured = {"src/govern/xapi/bare.py"}  # against the sandbox only: it refuses the real X
    assert sessions - measured == {"src/govern/xapi/call.py", "src/govern/xapi/oauth.py", "src/govern/xapi/session.py"}
    (call,) = (source for source in python_files("src/govern/xapi") if source.path.endswith("xapi/call.py"))
    assert "if in_transaction():" in call.text
