"""The loader refuses every doubt, and says in which file, on which line, and what it expected."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from govern.access import PolicyFault, load_bundle, read_bundle
from govern.access.bundle import Bundle
from govern.access.engine import Engine
from govern.access.rows import ALLOW
from govern.domain.actions import EVERYONE, Action, Requester, Role, Target

Files = Mapping[str, bytes]
VIEWER = "roles/viewer.csv"
ROW = "p, viewer, message.read, always, allow, viewer.message.read"


def _with(files: Files, name: str, old: str, new: str) -> dict[str, bytes]:
    text = files[name].decode()
    assert old in text
    return {**files, name: text.replace(old, new, 1).encode()}


def _fault(files: Files) -> PolicyFault:
    with pytest.raises(PolicyFault) as caught:
        read_bundle(files)
    return caught.value


def test_the_shipped_policy_loads_with_denies_first(bundle: Bundle) -> None:
    assert set(bundle.rows) == set(Action)
    for rows in bundle.rows.values():
        assert [row.eft == ALLOW for row in rows] == sorted(row.eft == ALLOW for row in rows)


def test_any_changed_byte_changes_the_digest(policy_files: Files, bundle: Bundle) -> None:
    assert read_bundle(policy_files).digest == bundle.digest
    assert bundle.digest.startswith("sha256:")
    changed = _with(policy_files, VIEWER, "# Reads", "# Sees")
    assert read_bundle(changed).digest != bundle.digest


def test_a_bundle_cannot_be_changed(bundle: Bundle) -> None:
    with pytest.raises(TypeError):
        bundle.rows["message.read"] = ()  # type: ignore[index]  # the point of the test
    with pytest.raises(AttributeError):
        bundle.digest = "x"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    "row",
    [
        "p, viewer, message.read, always, Deny, x.y",
        "p, viewer, message.read, always, ALLOW, x.y",
        "p, viewer, message.read, always, permit, x.y",
        "p, viewer, message.read, always, deny, x.y",
        "p, viewer, message.read, always, allow",
        "p, viewer, message.read, always, allow, x.y, z",
        "p, viewer, message.read, always, allow, x.y # why",
        "p, viewer, message.read, always, allow, ",
        "p,viewer,message.read,always,allow,x.y",
        'p, viewer, message.read, "always", allow, x.y',
        "p2, viewer, message.read, always, allow, x.y",
        "g, viewer, message.read, always, allow, x.y",
        " p, viewer, message.read, always, allow, x.y",
        "p, admin, message.read, always, allow, x.y",
        "p, member:me, message.read, always, allow, x.y",
        "p, everyone, message.read, always, allow, x.y",
        "p, viewer, message.burn, always, allow, x.y",
        "p, viewer, , always, allow, x.y",
        "p, viewer, message.withdraw, ghost, allow, x.y",
        "p, viewer, message.withdraw, is_author, allow, x.y",
        "p, viewer, message.withdraw, facts['x'], allow, x.y",
        "p, viewer, message.read, is_own, allow, x.y",
        "p, viewer, message.approve, is_plain_reply, allow, x.y",
        ROW,
    ],
)
def test_a_wrong_row_is_refused_at_its_line(policy_files: Files, row: str) -> None:
    text = policy_files[VIEWER].decode() + row + "\n"
    fault = _fault({**policy_files, VIEWER: text.encode()})
    assert (fault.data["file"], fault.data["line"]) == (VIEWER, text.count("\n"))
    assert fault.data["expected"]
    assert fault.code == "policy.faulty"


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("guards.csv", "p, everyone, message.approve, is_own, allow, x.y"),
        ("guards.csv", "p, viewer, message.approve, is_author, deny, x.y"),
        ("guards.csv", "p, everyone, message.approve, is_own, deny, x.y"),
        ("guards.csv", "p, everyone, message.approve, is_author, deny, four_eyes.author"),
        ("roles/suspended.csv", "p, suspended, message.read, always, allow, x.y"),
    ],
)
def test_guards_and_restrictions_only_deny(policy_files: Files, file: str, row: str) -> None:
    fault = _fault({**policy_files, file: policy_files[file] + row.encode() + b"\n"})
    assert fault.data["file"] == file


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("actions.toml", "[message.read]", "[message.burn]", 5),
        ("actions.toml", 'risk = "low"', 'risk = "tiny"', 5),
        ("actions.toml", 'risk = "low"', 'risk = "low"\nspeed = 1', 5),
        ("actions.toml", 'risk = "low"', 'risk = "low"\nfacts = ["shoe_size"]', 5),
        ("actions.toml", "Reading messages of {place}", "Reading messages", 5),
        ("actions.toml", 'risk = "low"', 'risk = "low', 6),
        ("conditions.toml", "[is_own]", "[is_mine]", 8),
        ("conditions.toml", 'facts = ["author"]', 'facts = ["shoe_size"]', 8),
        ("conditions.toml", 'unblock = "message.approve"', 'unblock = "message.burn"', 20),
        ("roles/roles.toml", "[viewer]", "[reader]", 1),
        ("roles/roles.toml", 'grants = ["viewer"', 'grants = ["publisher"', 13),
        ("roles/roles.toml", 'grants = ["viewer"', 'grants = ["reader"', 13),
        ("roles/roles.toml", "restriction = true", "restriction = false", 29),
        ("roles/roles.toml", 'label = { en = "viewer", fr = "lecteur" }', 'label = { en = "viewer" }', 4),
    ],
)
def test_a_wrong_catalogue_is_refused_where_it_is_wrong(
    policy_files: Files, file: str, old: str, new: str, line: int
) -> None:
    fault = _fault(_with(policy_files, file, old, new))
    assert (fault.data["file"], fault.data["line"]) == (file, line), fault.detail


def test_an_action_or_condition_left_out_is_refused(policy_files: Files) -> None:
    text = policy_files["actions.toml"].decode()
    start = text.index("[contact.erase]")
    assert "contact.erase" in _fault({**policy_files, "actions.toml": text[:start].encode()}).detail
    text = policy_files["conditions.toml"].decode()
    start = text.index("[outside_hours]")
    assert "outside_hours" in _fault({**policy_files, "conditions.toml": text[:start].encode()}).detail


def test_a_top_level_value_in_the_catalogue_is_refused(policy_files: Files) -> None:
    fault = _fault({**policy_files, "actions.toml": b"on = true\n" + policy_files["actions.toml"]})
    assert fault.data["file"] == "actions.toml"


def test_another_model_is_refused(policy_files: Files) -> None:
    weaker = _with(policy_files, "model.conf", "!some(where (p.eft == deny))", "!some(where (p.eft == denied))")
    assert _fault(weaker).data["file"] == "model.conf"


@pytest.mark.parametrize("name", ["model.conf", "guards.csv", VIEWER, "roles/roles.toml", "actions.toml"])
def test_a_missing_file_is_refused(policy_files: Files, name: str) -> None:
    assert _fault({each: content for each, content in policy_files.items() if each != name}).data["file"] == name


@pytest.mark.parametrize("name", ["roles/ghost.csv", "extra.csv", "guards.csv.bak"])
def test_an_unknown_file_is_refused(policy_files: Files, name: str) -> None:
    assert _fault({**policy_files, name: b""}).data["file"] == name


def test_text_that_is_not_utf8_is_refused_at_its_line(policy_files: Files) -> None:
    fault = _fault({**policy_files, VIEWER: b"# one\n\xff\n"})
    assert (fault.data["file"], fault.data["line"]) == (VIEWER, 2)


def test_an_empty_policy_is_refused(policy_files: Files) -> None:
    empty = {name: b"" if name.endswith(".csv") else content for name, content in policy_files.items()}
    assert "a role that may do" in _fault(empty).detail


@pytest.mark.parametrize(
    ("file", "old", "new", "refused"),
    [
        ("guards.csv", "p, everyone, audit.export, not_fresh, deny, fresh.audit.export\n", "", "actions.toml"),
        ("guards.csv", "fresh.audit.export", "audit.export.fresh", "guards.csv"),
        ("guards.csv", "fresh.audit.export", "fresh.contact.erase", "guards.csv"),
        (
            "guards.csv",
            "pause.lift, own_pause, deny, pause.own",
            "pause.lift, own_pause, deny, fresh.own",
            "guards.csv",
        ),
        ("guards.csv", "not_fresh, deny, fresh.pause.lift", "own_pause, deny, fresh.pause.lift", "guards.csv"),
        ("actions.toml", '[pause.set]\nrisk = "medium"', '[pause.set]\nrisk = "critical"', "actions.toml"),
        ("actions.toml", '[audit.export]\nrisk = "critical"', '[audit.export]\nrisk = "high"', "guards.csv"),
    ],
)
def test_critical_actions_and_no_others_ask_for_a_fresh_sign_in(
    policy_files: Files, file: str, old: str, new: str, refused: str
) -> None:
    assert _fault(_with(policy_files, file, old, new)).data["file"] == refused


def test_what_a_fresh_sign_in_cannot_mend_is_said_first(policy_files: Files) -> None:
    own = "p, everyone, pause.lift, own_pause, deny, pause.own\n"
    files = _with(policy_files, "guards.csv", own, "")
    files["guards.csv"] += own.encode()
    assert _fault(files).detail.endswith("pause.lift: fresh.pause.lift as its last guard: it is critical")


def test_too_many_conditions_are_refused(policy_files: Files) -> None:
    names = ["is_paused", "not_givable", "has_conflict", "own_pause", "not_direct", "outside_hours"]
    facts = ["givable", "conflicts", "pause_set_by", "direct_allowed", "within_hours"]
    rows = "".join(f"p, everyone, message.publish, {name}, deny, many.{name}\n" for name in names)
    listed = ", ".join(f'"{fact}"' for fact in facts)
    files = _with(policy_files, "actions.toml", '"paused"]', f'"paused", {listed}]')
    files["guards.csv"] += rows.encode()
    assert "at most 6 conditions for message.publish" in _fault(files).detail


def test_a_folder_is_read_without_its_hidden_files(policy_folder: Path, bundle: Bundle, tmp_path: Path) -> None:
    copied = shutil.copytree(policy_folder, tmp_path / "access")
    (copied / ".DS_Store").write_bytes(b"x")
    assert load_bundle(copied).digest == bundle.digest


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFault, match="the folder of an access policy"):
        load_bundle(tmp_path / "ghost")


@pytest.mark.parametrize("name", [*Role, EVERYONE])
def test_a_member_whose_id_is_a_role_name_has_nothing(bundle: Bundle, name: str) -> None:
    engine = Engine(bundle)
    requester = Requester(id=name, member=name, grants={}, parents={"account:help": "company"})
    for action in Action:
        assert not engine.decide(requester, action, Target("account:help", {"member": name, "author": name})).allowed
