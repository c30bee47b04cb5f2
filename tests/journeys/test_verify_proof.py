"""The proof checker of the browser against everybody's vectors, and against each with one bit changed."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from govern.settings import shipped
from govern.tlog import tree
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey
from govern.tlog.proof import InclusionProof
from tests.conftest import VECTORS

MODULE = shipped("admin") / "static" / "js" / "tree-proof.js"
OURS = Path(__file__).parents[1] / "tlog" / "vectors"
ORIGIN = "http://localhost:1"  # a name that browsers trust like https; nothing is asked of it

# Run in the page: which of the cases lead to their root.
HOLDS = """async ([module, cases]) => {
  const { rootOf, hex } = await import(module);
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const holds = async ({ leafIdx, treeSize, leafHash, proof, root }) => {
    try {
      const found = await rootOf(BigInt(leafIdx), BigInt(treeSize), bytes(leafHash), (proof ?? []).map(bytes));
      return hex(found) === hex(bytes(root));
    } catch (error) {
      if (error.name === "Error" || error.claim) return false;
      throw error;
    }
  };
  const found = [];
  for (const each of cases) found.push(await holds(each));
  return found;
}"""
PROVES = """async ([module, cases]) => {
  const { checkProof } = await import(module);
  const found = [];
  for (const [text, proof, key] of cases) {
    try { found.push((await checkProof(text, proof, key)).signed ? "signed" : "unsigned"); }
    catch (error) {
      if (!error.claim) throw error;
      found.push(error.claim);
    }
  }
  return found;
}"""

KEY = SignerKey("log.example/audit", bytes(range(32)))
TEXTS = [f'{{"n":{number},"name":"é “{number}”"}}' for number in range(11)]
LEAVES = [leaf_hash(text) for text in TEXTS]


@pytest.fixture
async def page(browser: Browser) -> Page:
    """A page that serves nothing but the module, from memory."""
    context = await browser.new_context()
    found = await context.new_page()

    async def answer(route: Any) -> None:
        script = route.request.url.endswith(".js")
        await route.fulfill(
            body=MODULE.read_text() if script else "<!doctype html><title>-</title>",
            content_type="text/javascript" if script else "text/html",
        )

    await found.route("**/*", answer)
    await found.goto(f"{ORIGIN}/")
    return found


async def run(page: Page, script: str, cases: Sequence[object]) -> list[Any]:
    found: list[Any] = await page.evaluate(script, [f"{ORIGIN}/tree-proof.js", cases])
    return found


def vectors() -> list[dict[str, Any]]:
    """Read all inclusion vectors; indexes as text, since they may pass what a number of JavaScript holds."""
    found = []
    for folder in (OURS, VECTORS / "rfc6962"):
        for path in sorted((folder / "inclusion").rglob("*.json")):
            case = json.loads(path.read_text())
            case |= {"leafIdx": str(case["leafIdx"]), "treeSize": str(case["treeSize"]), "file": str(path)}
            found.append(case)
    return found


def flipped(text: str, bit: int) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return base64.b64encode(raw).decode()


def changed(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the case with one bit changed: in its leaf, its root, each hash of its path, its index."""
    found = [case | {name: flipped(case[name], bit)} for name in ("leafHash", "root") for bit in (0, 101, 255)]
    path = case["proof"] or []
    found += [case | {"proof": [*path[:at], flipped(each, 37 * at), *path[at + 1 :]]} for at, each in enumerate(path)]
    if case["treeSize"] != "1":
        found.append(case | {"leafIdx": str(int(case["leafIdx"]) ^ 1)})
    return found


async def test_every_vector_is_judged_as_its_authors_say(page: Page) -> None:
    cases = vectors()
    assert len(cases) >= 20
    found = await run(page, HOLDS, cases)
    wrong = [case["file"] for case, holds in zip(cases, found, strict=True) if holds == case["wantErr"]]
    assert wrong == []


async def test_every_vector_with_one_bit_changed_is_refused(page: Page) -> None:
    cases = [each for case in vectors() if not case["wantErr"] for each in changed(case)]
    assert len(cases) > 100
    assert not any(await run(page, HOLDS, cases))


def proof_of(index: int) -> str:
    def read(level: int, at: int) -> bytes:
        return tree.root_of(LEAVES[at << level : (at + 1) << level])

    point = Checkpoint(KEY.name, len(LEAVES), tree.root_of(LEAVES))
    path = tuple(tree.prove_inclusion(index, len(LEAVES), read))
    return InclusionProof(index, path, str(sign_checkpoint(point, KEY))).text()


async def test_a_proof_with_its_signature_is_proven_and_without_a_key_it_is_not_signed(page: Page) -> None:
    key = str(KEY.verifier)
    cases = [(TEXTS[index], proof_of(index), key) for index in range(11)]
    assert await run(page, PROVES, cases) == ["signed"] * 11
    assert await run(page, PROVES, [(TEXTS[3], proof_of(3), "")]) == ["unsigned"]


async def test_another_text_key_or_character_is_refused(page: Page) -> None:
    key, proof = str(KEY.verifier), proof_of(5)
    another = str(SignerKey("log.example/audit", bytes(32)).verifier)
    assert await run(page, PROVES, [(TEXTS[4], proof, key), (TEXTS[5] + " ", proof, key)]) == ["path", "path"]
    assert await run(page, PROVES, [(TEXTS[5], proof, another), (TEXTS[5], proof, "no key")]) == ["signature"] * 2
    changes = [proof[:at] + ("A" if each != "A" else "B") + proof[at + 1 :] for at, each in enumerate(proof)]
    found = await run(page, PROVES, [(TEXTS[5], each, key) for each in changes])
    assert set(found) <= {"form", "path", "signature"}


@pytest.mark.parametrize(
    "break_it",
    [
        lambda proof: proof.replace("\n", "\r\n"),
        lambda proof: proof[:-1],
        lambda proof: proof.replace("index 5", "index 05"),
        lambda proof: proof.replace("index 5", f"index {2**63}"),
        lambda proof: proof.replace("index 5", "index 11"),
        lambda proof: proof.replace("@v1", "@v2"),
        lambda _proof: "",
        lambda proof: proof + "x" * (1 << 20),
    ],
    ids=["CR", "cut", "leading zero", "too great", "beyond", "version", "empty", "too long"],
)
async def test_malformed_proof_is_refused(page: Page, break_it: Any) -> None:
    found = await run(page, PROVES, [(TEXTS[5], break_it(proof_of(5)), str(KEY.verifier))])
    assert found[0] in {"form", "path"}
