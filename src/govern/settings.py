"""Every setting, read from the environment once, checked with one clear message per fault."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

PACKAGE = Path(__file__).resolve().parent
DEFAULT_SECRET = "development-only-secret-development-only"  # noqa: S105 - refused in production
REAL_X_HOSTS = frozenset({"api.x.com", "api.twitter.com"})
MIN_SECRET = 32
MIN_READS = 3
X_TIERS = ("self_serve", "enterprise")
_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,119}")
_REACHABLE = re.compile(r"https://[A-Za-z0-9.-]+/?")


class Env(StrEnum):
    """Where this process runs."""

    DEVELOPMENT = "development"
    """One machine, demo data and the sandbox allowed."""
    PRODUCTION = "production"
    """Real people and the real X: no default secret, no sandbox, no demo data."""


class SettingsError(Exception):
    """The environment is not fit to start with; `faults` has one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to know before it starts.

    Durations are seconds in the environment. Rule of the send times (`x.md` 4): write window + total timeout + 15 s
    must not exceed the attempt's deadline.
    """

    env: Env = Env.DEVELOPMENT
    database_url: str = ""
    migrate_database_url: str = ""
    redis_url: str = ""
    secret_key: str = DEFAULT_SECRET
    token_keys: str = ""
    audit_keks: str = ""
    data_dir: Path = Path(".govern")
    policies: Path = PACKAGE
    company: str = "govern"
    audit_origin: str = "govern.local/audit"
    """The log's own name, fixed for its life: it stands in every entry, so two logs are never taken for one."""
    audit_key: Path | None = None
    audit_guard: Path | None = None
    audit_verifier: Path | None = None
    sequencer_database_url: str = ""
    worker_database_url: str = ""
    """The worker's login, for commands that open or keep credentials and for `govern migrate`, which can make it."""
    public_url: str = ""
    x_base_url: str = ""
    x_api_key: str = ""
    x_api_secret: str = ""
    x_client_id: str = ""
    """The X app as OAuth 2 knows it: public. Without it accounts are connected with OAuth 1.0a keys only."""
    x_client_secret: str = ""
    """For the worker alone: without it a code or a refresh token is worth nothing."""
    x_webhook_url: str = ""
    """Where X reaches this service: a public https address without a port. Without it accounts are polled, no more."""
    x_webhook_secrets: str = ""
    """What X signs its webhooks with: up to two, by comma, the newest first. Unset, it is the API secret."""
    x_app_tier: str = ""
    """What the contract with X is: `self_serve` or `enterprise`. Unset, X alone refuses what the contract does not allow."""
    x_ai_replies_approved: bool = False
    """Whether X approved that machines write replies here."""
    send_write_window: timedelta = timedelta(seconds=10)
    send_timeout: timedelta = timedelta(seconds=30)
    attempt_deadline: timedelta = timedelta(seconds=60)
    reconcile_reads: tuple[timedelta, ...] = (timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=10))
    """When X is read after an attempt without an answer; only after the last does "not found" mean anything."""
    auto_resend: bool = True
    """Whether a plain post that no reading found goes once more by itself."""
    session_idle: timedelta = timedelta(minutes=60)
    session_life: timedelta = timedelta(hours=12)
    sweep_every: timedelta = timedelta(seconds=2)
    poll_every: timedelta = timedelta(seconds=60)  # of mentions; what else follows from it: services/polling.py
    demo: bool = False

    @property
    def production(self) -> bool:
        return self.env is Env.PRODUCTION

    @property
    def key_file(self) -> Path:
        """Where the log's private key is: for the sequencer alone."""
        return self.audit_key or self.data_dir / "audit" / "log.key"

    @property
    def guard_file(self) -> Path:
        """Where the last signed note is kept: apart from the database and its backups."""
        return self.audit_guard or self.data_dir / "audit" / "log.guard"

    @property
    def verifier_file(self) -> Path:
        """Where the log's public key is: for everybody."""
        return self.audit_verifier or self.data_dir / "audit" / "log.pub"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What X may have signed a webhook with, the newest first."""
        return tuple(filter(None, (self.x_webhook_secrets or self.x_api_secret).split(",")))

    @property
    def sandboxed(self) -> bool:
        """True unless the X address is one of the real X's."""
        return urlsplit(self.x_base_url).hostname not in REAL_X_HOSTS

    def __repr__(self) -> str:
        return f"Settings(env={self.env.value!r}, secrets='***')"


def shipped(name: str) -> Path:
    """Return the folder `admin`, `policies` or `migrations`: inside the wheel, or beside `src` in a checkout."""
    inside = PACKAGE / "share" / name
    return inside if inside.is_dir() else PACKAGE.parents[1] / name


_PATHS = ("policies", "data_dir", "audit_key", "audit_guard", "audit_verifier")
_FIELDS = msgspec.structs.fields(Settings)
_DURATIONS, _SWITCHES = ([field.name for field in _FIELDS if field.type is wanted] for wanted in (timedelta, bool))


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `GOVERN_…` from the environment.

    Raises:
        SettingsError: with one sentence per fault.
    """
    source = os.environ if environ is None else environ
    named = {field.name: source.get(f"GOVERN_{field.name.upper()}") for field in _FIELDS}
    given = {name: text for name, text in named.items() if text}
    settings = Settings(**_typed(given))
    faults = list(_faults(settings))
    if faults:
        raise SettingsError(faults)
    return settings


_NEEDED = {
    "database_url": "the address of PostgreSQL",
    "redis_url": "the address of Valkey",
    "x_base_url": "the address of X, or of the sandbox",
}


def require(settings: Settings, *names: str) -> Settings:
    """Return the settings if what a process cannot do without is set.

    Raises:
        SettingsError: with one sentence per missing variable.
    """
    missing = [
        f"GOVERN_{name.upper()} is not set: {_NEEDED[name]}. `govern up` sets it by itself."
        for name in names
        if not getattr(settings, name)
    ]
    if missing:
        raise SettingsError(missing)
    return settings


@cache
def current() -> Settings:
    """Return the settings this process started with."""
    return load()


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process we start: this process's own, with `ours` on top."""
    return {**os.environ, **ours}


def act_as_owner() -> Settings:
    """Make this process connect as the owner of the tables: for migrations, before anything has connected."""
    return _connect_with("GOVERN_MIGRATE_DATABASE_URL")


def act_as_sequencer() -> Settings:
    """Make this process connect as the sequencer of the log, before anything has connected."""
    return _connect_with("GOVERN_SEQUENCER_DATABASE_URL")


def act_as_worker() -> Settings:
    """Make this process connect as the worker, who alone reads sealed credentials, before anything has connected."""
    return _connect_with("GOVERN_WORKER_DATABASE_URL")


def _connect_with(variable: str) -> Settings:
    if url := os.environ.get(variable):
        os.environ["GOVERN_DATABASE_URL"] = url
    current.cache_clear()
    return current()


def adopt(running: Path) -> None:
    """Take from `govern up`'s file what the environment leaves open, so that a command beside it reaches its engines.

    With `GOVERN_DATABASE_URL` set, or without the file, nothing happens.
    """
    if os.environ.get("GOVERN_DATABASE_URL") or not running.is_file():
        return
    for name, value in msgspec.json.decode(running.read_bytes(), type=dict[str, str]).items():
        os.environ.setdefault(name, value)


def _typed(given: Mapping[str, str]) -> dict[str, Any]:
    """Give each text the type of its field."""
    values: dict[str, Any] = {"policies": shipped("policies"), **given}
    values |= {name: _seconds(name, given[name]) for name in _DURATIONS if name in given}
    values |= {name: Path(given[name]) for name in _PATHS if name in given}
    if "reconcile_reads" in given:
        values["reconcile_reads"] = _several_seconds("reconcile_reads", given["reconcile_reads"])
    values |= {name: given[name].lower() in {"1", "true", "yes"} for name in _SWITCHES if name in given}
    if given.get("env", Env.DEVELOPMENT) not in set(Env):
        raise SettingsError([f"GOVERN_ENV is {given['env']!r}; it must be one of {', '.join(Env)}."])
    return values | ({"env": Env(given["env"])} if "env" in given else {})


def _seconds(name: str, text: str) -> timedelta:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise SettingsError([f"GOVERN_{name.upper()} is {text!r}; it must be a number of seconds above 0."])
    return timedelta(seconds=seconds)


def _several_seconds(name: str, text: str) -> tuple[timedelta, ...]:
    """Read durations with commas between them, each longer than the one before: 30,180,600."""
    found = tuple(_seconds(name, part.strip()) for part in text.split(","))
    if list(found) != sorted(set(found)) or len(found) < MIN_READS:
        wanted = f"at least {MIN_READS} rising numbers of seconds: 30,180,600"
        raise SettingsError([f"GOVERN_{name.upper()} is {text!r}; it must be {wanted}."])
    return found


def _faults(settings: Settings) -> list[str]:
    faults = []
    if len(settings.secret_key) < MIN_SECRET:
        faults.append(f"GOVERN_SECRET_KEY is too short: at least {MIN_SECRET} characters.")
    if not _ORIGIN.fullmatch(settings.audit_origin):
        faults.append(
            "GOVERN_AUDIT_ORIGIN must be up to 120 letters, digits and . _ / : -, such as acme.example/audit."
        )
    if not settings.policies.is_dir():
        faults.append("GOVERN_POLICIES names a folder that does not exist.")
    faults.extend(_x_faults(settings))
    spent = settings.send_write_window + settings.send_timeout
    if spent + min(timedelta(seconds=15), spent) > settings.attempt_deadline:
        faults.append(
            "GOVERN_ATTEMPT_DEADLINE is too short: write window, timeout and a margin of 15 s must fit into it."
        )
    if settings.production:
        faults.extend(_production_faults(settings))
    return faults


def _x_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.x_app_tier not in {"", *X_TIERS}:
        faults.append(f"GOVERN_X_APP_TIER must be one of {', '.join(X_TIERS)}.")
    if len(settings.webhook_secrets) > 2:
        faults.append("GOVERN_X_WEBHOOK_SECRETS has more than two secrets: the one in force, and the one before.")
    if settings.x_webhook_url and not (_REACHABLE.fullmatch(settings.x_webhook_url) or settings.sandboxed):
        faults.append("GOVERN_X_WEBHOOK_URL must be https, without a port or path: X calls no other address.")
    return faults


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.secret_key == DEFAULT_SECRET:
        faults.append("GOVERN_SECRET_KEY is the default secret; set one of your own in production.")
    if settings.demo:
        faults.append("GOVERN_DEMO is set; the demo data is refused in production.")
    if settings.sandboxed:
        faults.append("GOVERN_X_BASE_URL does not name the real X; the sandbox is refused in production.")
    if not settings.public_url.startswith("https://"):
        faults.append("GOVERN_PUBLIC_URL must be the https address of the panel in production.")
    return faults
