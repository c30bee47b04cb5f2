import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from govern import settings
from govern.cli.parts import SEQUENCER_READY, WORKER_GRACE, WORKER_READY
from govern.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "log", "sequencer", "web", "worker")
KNOWN = {f"GOVERN_{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / "deploy" / "example.env").read_text(), re.MULTILINE))
FILLED = {**EXAMPLE, "GOVERN_SECRET_KEY": "s" * 32, "GOVERN_PUBLIC_URL": "https://govern.example.com"}
FILLED["GOVERN_AUDIT_ORIGIN"] = "example.com/audit"
FILLED["GOVERN_X_WEBHOOK_URL"] = "https://hooks.example.com"


def filled(value: str) -> str:
    """A value as Compose would put it in, from a filled .env; an empty name is as good as any secret here."""

    def put(match: re.Match[str]) -> str:
        name, default = match[1], match[2] or ""
        return FILLED.get(name) or default.removeprefix(":-") * default.startswith(":-") or "x"

    return re.sub(r"\$\{([A-Z_]+)(:[-?][^}]*)?\}", put, value)


def told(service: str) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in SERVICES[service]["environment"].items()}


@pytest.mark.parametrize("service", OURS)
def test_every_name_a_service_is_told_is_a_setting(service: str) -> None:
    assert set(told(service)) <= KNOWN


@pytest.mark.parametrize("service", OURS)
def test_a_filled_example_starts_in_production(service: str) -> None:
    loaded = settings.load(told(service))
    assert loaded.production
    assert loaded.database_url.startswith("postgresql://")


def test_every_variable_is_in_the_example_and_every_secret_is_demanded() -> None:
    asked = dict(re.findall(r"\$\{([A-Z_]+)(:[-?])?", TEXT))
    assert set(asked) - {"GOVERN_X_BASE_URL"} == set(EXAMPLE)
    optional = {name for name, mark in asked.items() if mark == ":-"}
    assert optional == {
        "GOVERN_COMPANY",
        "GOVERN_X_BASE_URL",
        "GOVERN_X_CLIENT_ID",
        "GOVERN_X_CLIENT_SECRET",
        "GOVERN_X_WEBHOOK_SECRETS",
        "GOVERN_X_WEBHOOK_URL",
        "WEB_PORT",
    }
    assert all(not EXAMPLE[name] for name in EXAMPLE if name not in optional)


def test_only_web_is_published_and_only_on_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_each_login_is_used_by_its_own_process_and_only_the_worker_opens_credentials() -> None:
    users = {name: told(name)["GOVERN_DATABASE_URL"].split("//")[1].split(":")[0] for name in OURS}
    assert users == {
        "migrate": "postgres",
        "log": "postgres",
        "sequencer": "govern_sequencer",
        "web": "govern_web",
        "worker": "govern_worker",
    }
    for secret in ("GOVERN_TOKEN_KEYS", "GOVERN_X_API_SECRET", "GOVERN_X_CLIENT_SECRET"):
        assert [name for name in OURS if secret in told(name)] == ["worker"]


def test_all_but_the_sequencer_can_open_what_the_log_holds_of_people() -> None:
    assert {name for name in OURS if "GOVERN_AUDIT_KEKS" in told(name)} == set(OURS) - {"sequencer"}


def test_a_stop_gives_the_worker_time_to_finish_a_send() -> None:
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > WORKER_GRACE > 45


def test_every_lasting_service_is_watched_and_restarted_and_no_image_floats() -> None:
    for name, service in SERVICES.items():
        assert "restart" in service
        assert name in {"migrate", "log"} or "healthcheck" in service
        assert re.search(r":\d|^govern:local$", service["image"])
    assert WORKER_READY in " ".join(SERVICES["worker"]["healthcheck"]["test"])
    assert SEQUENCER_READY in " ".join(SERVICES["sequencer"]["healthcheck"]["test"])


def test_only_the_sequencer_lives_with_the_logs_key_and_the_others_read_the_public_one() -> None:
    volumes = {name: SERVICES[name].get("volumes", []) for name in OURS}
    private = [name for name in OURS if any(each.startswith("log-private:") for each in volumes[name])]
    assert private == ["log", "sequencer"]
    assert "log-private" not in str(SERVICES["postgres"]), "the guard file is kept apart from the database"
    assert [name for name in OURS if "log-public:/log/public:ro" in volumes[name]] == ["web", "worker"]
    for name in private:
        assert told(name)["GOVERN_AUDIT_KEY"].startswith("/log/private/")
        assert told(name)["GOVERN_AUDIT_GUARD"].startswith("/log/private/")
    assert {told(name)["GOVERN_AUDIT_VERIFIER"] for name in OURS} == {"/log/public/log.pub"}


def test_the_image_is_pinned_checked_by_hash_and_runs_without_root() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.13-slim-bookworm"] * 2
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.index("USER 10001") < DOCKERFILE.index("ENTRYPOINT")


def test_everything_the_image_copies_is_let_through() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for line in lines for name in line.split()} == allowed


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    """With Compose at hand it reads the file; where there is none, the tests above have read it."""
    docker = shutil.which("docker")
    has_compose = (
        docker and not subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    )
    if docker and has_compose:
        env_file = tmp_path / "env"
        env_file.write_text("".join(f"{name}={FILLED[name] or 'x'}\n" for name in EXAMPLE))
        command = [
            docker,
            "compose",
            "-f",
            str(ROOT / "compose.yaml"),
            "--env-file",
            str(env_file),
            "config",
            "--quiet",
        ]
        assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""
