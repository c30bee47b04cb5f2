"""Checks by others: X's conformance cases for lengths and links, and the signature X's documentation works out."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from litestar.types import HTTPScope

from govern.sandbox.ids import Clock
from govern.sandbox.links import links
from govern.sandbox.oauth import Verifier
from govern.sandbox.problems import ApiError
from govern.sandbox.records import App, User
from govern.sandbox.state import State
from govern.sandbox.text import weighted_length

CASES = Path(__file__).parents[3] / "shared" / "vectors" / "twitter-text"
"""X's own files, where they lie beside the checkout; elsewhere these tests have no cases."""
SINCE_2011_S = 10**10
TOKEN = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
HEADER = (
    'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", '
    'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D", oauth_signature_method="HMAC-SHA1", '
    f'oauth_timestamp="1318622958", oauth_token="{TOKEN}", oauth_version="1.0"'
)
QUERY = b"include_entities=true&status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"


def cases(file: str, section: str) -> list[dict[str, Any]]:
    if not CASES.is_dir():
        return []
    return list(yaml.safe_load((CASES / file).read_text(encoding="utf-8"))["tests"][section])


@pytest.mark.parametrize(
    "section", ["WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"]
)
def test_the_sandbox_weighs_every_conformance_case(section: str) -> None:
    wrong = [
        case["description"]
        for case in cases("validate.yml", section)
        if weighted_length(case["text"]) != case["expected"]["weightedLength"]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "section", ["urls", "urls_with_indices", "urls_with_directional_markers", "tco_urls_with_params"]
)
def test_the_sandbox_finds_the_links_of_every_conformance_case(section: str) -> None:
    wrong = []
    for case in cases("extract.yml", section):
        text = case["text"]
        spans = list(links(text))
        with_indices = [{"url": text[start:end], "indices": [start, end]} for start, end in spans]
        if case["expected"] not in (with_indices, [text[start:end] for start, end in spans]):
            wrong.append(case["description"])
    assert wrong == []


@pytest.mark.parametrize("text", ["x." * 5_000, "(" * 10_000, "http://a.com/" + "(" * 10_000, "http://" * 1_500])
def test_a_hostile_text_is_read_in_a_moment(text: str) -> None:
    assert weighted_length(text[:10_000]) > 0


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    """The app and the account of X's worked example."""
    secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
    state = State(Clock(), None, App(api_key="xvz1evFS4wEEPTGEFPHBog", api_secret=secret))
    token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
    state.add(User(id=370773112, handle="example", name="", access_token=TOKEN, access_token_secret=token_secret))
    return Verifier(state, lifetime_s=SINCE_2011_S)


def scope(query: bytes = QUERY, host: bytes = b"127.0.0.1:8765") -> HTTPScope:
    """A request as X's example makes it; its form stands in the query, which gives the same base string."""
    path = b"/1.1/statuses/update.json"
    return cast(HTTPScope, {"method": "POST", "raw_path": path, "query_string": query, "headers": [(b"host", host)]})


def test_the_worked_example_of_xs_documentation_is_let_in(verifier: Verifier) -> None:
    assert verifier.caller(scope(), HEADER).handle == "example"


@pytest.mark.parametrize("other", [scope(QUERY + b"%21"), scope(host=b"api.x.com")])
def test_a_changed_text_or_another_name_of_x_is_not(verifier: Verifier, other: HTTPScope) -> None:
    with pytest.raises(ApiError, match="Unauthorized"):
        verifier.caller(other, HEADER)
