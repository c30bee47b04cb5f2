"""The tests of the policy notice every change of a rule."""

from collections.abc import Mapping

from govern.access.mutants import Change, Mutant, mutate

Files = Mapping[str, bytes]


def test_no_mutant_of_the_shipped_policy_survives(policy_files: Files) -> None:
    mutation = mutate(policy_files)
    rules = sum(1 for name, text in policy_files.items() if name.endswith(".csv") for line in _rules(name, text))
    assert mutation.survivors == ()
    assert mutation.mutants > 2 * rules
    assert rules < mutation.refused < mutation.mutants


def _rules(name: str, text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if line.startswith("p, ")]


def _without(files: Files, file: str, *words: str) -> dict[str, bytes]:
    lines = files[file].decode().splitlines(keepends=True)
    kept = [line for line in lines if not all(word in line for word in words)]
    assert len(kept) < len(lines)
    return {**files, file: "".join(kept).encode()}


def test_rule_that_nothing_tests_any_more_is_named_with_its_line(policy_files: Files) -> None:
    files = _without(policy_files, "tests/roles.yaml", "sue", "because: suspended.message.settle}")
    files["tests/invariants.yaml"] = files["tests/invariants.yaml"].replace(b'"@effect", ', b"")
    (survivor,) = mutate(files).survivors
    line = next(
        number
        for number, row in enumerate(files["roles/suspended.csv"].decode().splitlines(), start=1)
        if row.endswith("suspended.message.settle")
    )
    assert survivor == Mutant(
        file="roles/suspended.csv", line=line, rule="suspended.message.settle", change=Change.DROP
    )


def test_condition_that_no_test_finds_false_is_named(policy_files: Files) -> None:
    files = _without(policy_files, "tests/roles.yaml", "who: ann", "cannot: [message.withdraw")
    assert [(each.rule, each.change) for each in mutate(files).survivors] == [
        ("author.message.withdraw", Change.ALWAYS),
        ("author.token.issue", Change.ALWAYS),
        ("author.token.revoke", Change.ALWAYS),
    ]
