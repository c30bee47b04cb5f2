"""Where the sandbox refuses to stand."""

import pytest

from govern.sandbox.app import run
from govern.sandbox.server import check
from govern.settings import Env, Settings, SettingsError


def test_it_refuses_production() -> None:
    with pytest.raises(SettingsError, match="GOVERN_ENV is production"):
        check(Settings(env=Env.PRODUCTION))


@pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com", "API.X.COM"])
def test_it_refuses_to_stand_beside_the_real_x(host: str) -> None:
    with pytest.raises(SettingsError, match="the real X"):
        check(Settings(x_base_url=f"https://{host}"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "sandbox.example"])
def test_another_address_has_to_be_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match="--allow-remote"):
        check(Settings(), host=host)
    check(Settings(), host=host, allow_remote=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
def test_this_machine_is_always_allowed(host: str) -> None:
    check(Settings(x_base_url="http://127.0.0.1:8765"), host=host)


def test_run_checks_before_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERN_X_BASE_URL", "https://api.x.com")
    with pytest.raises(SettingsError, match="the real X"):
        run("127.0.0.1", 0, None, False)
