"""Check an evidence bundle of govern's audit log.

Use: python verify.py BUNDLE --key KEY [--since CHECKPOINT]

One file, Python 3.9 or newer, nothing but its standard library, no network, nothing of govern: whoever trusts nobody
there can read it in an hour. It prints a line per claim, `proven`, `false` or `not checked`, and ends with 0 (all is
proven), 1 (something is false) or 2 (it cannot be proven). KEY is the log's public key, kept since the log began: a
bundle cannot vouch for its own key, nor for the copy of this file inside it.

Formats: RFC 6962 (tree), RFC 8032 (Ed25519), RFC 8785 (canonical JSON), C2SP signed-note, tlog-checkpoint, tlog-proof.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

MAX_ENTRIES = 100_000
MAX_BYTES = 2 << 30
MAX_RATIO = 200
MAX_ENTRY = 65_535
MAX_NOTE = 1 << 20
MAX_SIGNATURES = 64
MAX_SIZE = 2**63 - 1
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 8
SALT = 32
NUMBER = r"0|[1-9][0-9]{0,18}"
NAME = re.compile(
    r"manifest\.json|checkpoint|policy|range\.json|withheld\.json|consistency\.json|sentences\.txt|README|verify\.py"
    rf"|(?:entries|open)/(?:{NUMBER})\.json|proofs/(?:{NUMBER})\.tlog-proof"
)
FIELD = re.compile(r"[a-z][a-z0-9_]*")
KEY_NAME = re.compile(r"[^\s+]{1,255}")
SIGNATURE = re.compile("— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")


class Untrue(Exception):
    """A claim is false."""


class Unproven(Exception):
    """A claim cannot be checked."""


# --- Ed25519, RFC 8032 section 5.1.7, in the plainest form ---

Point = tuple[int, int, int, int]
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y: int, sign: int) -> Optional[int]:
    """Return the x of a point of the curve, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data: bytes) -> Optional[Point]:
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    x = recover(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def add(a: Point, b: Point) -> Point:
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, base: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, base)
        base, scalar = add(base, base), scalar >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether this public key signed the message."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment, scalar = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = times(scalar, BASE), add(commitment, times(int.from_bytes(digest, "little") % L, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Merkle tree, RFC 6962 section 2.1 ---


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over perfect trees that shrink from left to right."""
    found = hashes[-1] if hashes else hashlib.sha256(b"").digest()
    for each in reversed(hashes[:-1]):
        found = node(each, found)
    return found


def root_by_path(index: int, size: int, found: bytes, path: Sequence[bytes]) -> bytes:
    """Walk from a leaf to the root, splitting the tree as the RFC defines it."""
    if not 0 <= index < size <= MAX_SIZE:
        raise Untrue("the tree has no such entry")
    sides, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        sides.append(index >= middle)
        begin, end = (middle, end) if index >= middle else (begin, middle)
    if len(sides) != len(path):
        raise Untrue("the path has another length")
    for sibling, right in zip(path, reversed(sides)):
        found = node(sibling, found) if right else node(found, sibling)
    return found


def covering(begin: int, end: int) -> Iterator[int]:
    """Give the levels of the perfect trees that together are the leaves from begin to end."""
    while begin < end:
        level = 0
        while begin % (2 << level) == 0 and begin + (2 << level) <= end:
            level += 1
        yield level
        begin += 1 << level


def root_by_range(
    begin: int, leaves: Sequence[bytes], size: int, left: Sequence[bytes], right: Sequence[bytes]
) -> bytes:
    """Build the tree from the hashes left of a range, its leaves, and the hashes right of it."""
    end = begin + len(leaves)
    if not 0 <= begin <= end <= size <= MAX_SIZE:
        raise Untrue("the tree has no such range")
    levels = [*covering(0, begin), *[0] * len(leaves), *covering(end, size)]
    hashes = [*left, *leaves, *right]
    if len(levels) != len(hashes) or sum(1 for _ in covering(0, begin)) != len(left):
        raise Untrue("the range has another shape")
    stack: list[bytes] = []
    at = 0
    for level, each in zip(levels, hashes):
        found, height = each, level
        while at >> height & 1:
            found, height = node(stack.pop(), found), height + 1
        stack.append(found)
        at += 1 << level
    return fold(stack)


def roots_by_step(first: int, second: int, root1: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Follow a consistency proof as RFC 9162, section 2.1.4.2 does; return the roots it leads to."""
    if not 1 <= first <= second <= MAX_SIZE:
        raise Untrue("the earlier checkpoint is not earlier")
    if first == second:
        if path:
            raise Untrue("trees of one size need no proof")
        return root1, root1
    path = [root1, *path] if first & (first - 1) == 0 and path else list(path)
    if not path:
        raise Untrue("the consistency proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return climb(fn, sn, path)


def climb(fn: int, sn: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Walk up from the last perfect tree of the smaller log, as steps 4 to 7 of that section do."""
    old = new = path[0]
    for each in path[1:]:
        if sn == 0:
            raise Untrue("the consistency proof is too long")
        if fn & 1 or fn == sn:
            old, new = node(each, old), node(each, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node(new, each)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Untrue("the consistency proof is too short")
    return old, new


# --- Texts: base64, notes, checkpoints, keys, proofs, canonical JSON ---

Key = tuple[str, bytes, bytes]
"""Name, id and public key."""
Checkpoint = tuple[str, int, bytes]
"""Origin, size and root."""


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Untrue("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Untrue("base64 with loose bits")
    return data


def unhash(values: Sequence[str]) -> list[bytes]:
    found = [unbase64(each) for each in values]
    if any(len(each) != 32 for each in found):
        raise Untrue("a hash has 32 bytes")
    return found


def read_key(text: str) -> Key:
    """Read a public key: name+id+base64 of type and key."""
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if len(data) != 33 or data[0] != 1 or not KEY_NAME.fullmatch(name):
        raise Untrue("the key is not an Ed25519 key")
    found = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if found.hex() != stated:
        raise Untrue("the key's id is not its own")
    return name, found, data[1:]


def read_note(data: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a signed note, and of each signature who is said to have made it, and its bytes."""
    if len(data) > MAX_NOTE:
        raise Untrue("a note has at most 1 MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Untrue("the note is not UTF-8") from error
    head, found, tail = text.rpartition("\n\n")
    lines = [SIGNATURE.fullmatch(line) for line in tail[:-1].split("\n")]
    if not found or not tail.endswith("\n") or any(ord(char) < 32 and char != "\n" for char in text):
        raise Untrue("the note is malformed")
    if len(lines) > MAX_SIGNATURES or any(line is None or not KEY_NAME.fullmatch(line[1]) for line in lines):
        raise Untrue("the note's signatures are malformed")
    values = [(line[1], unbase64(line[2])) for line in lines if line is not None]
    if any(len(value) < 5 for _, value in values):
        raise Untrue("a signature is longer than its key's id")
    return head + "\n", values


def open_checkpoint(data: bytes, key: Key) -> Checkpoint:
    """Return what a checkpoint says, if this key, which is the log's, signed it."""
    text, signatures = read_note(data)
    name, key_id, public = key
    ours = [value[4:] for signer, value in signatures if signer == name and value[:4] == key_id]
    if not all(signed(public, text.encode(), value) for value in ours):
        raise Untrue("the signature is not this key's")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch(NUMBER, lines[1]) or int(lines[1]) > MAX_SIZE:
        raise Untrue("the checkpoint is malformed")
    if not ours or lines[0] != name:
        raise Untrue("this key did not sign a checkpoint of this log")
    return lines[0], int(lines[1]), unhash(lines[2:3])[0]


def read_proof(data: bytes) -> tuple[int, list[bytes], bytes]:
    """Return the index, the path and the checkpoint of an inclusion proof."""
    try:
        head, found, rest = data.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise Untrue("the proof is not UTF-8") from error
    lines = head.split("\n")
    if not found or len(data) > MAX_NOTE or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Untrue("the proof is malformed")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:])
    if not lines or not re.fullmatch(f"index (?:{NUMBER})", lines[0]) or len(lines) > 64:
        raise Untrue("the proof is malformed")
    return int(lines[0][6:]), unhash(lines[1:]), rest.encode()


def read_json(data: bytes) -> Any:
    """Read JSON in which no name stands twice: nobody else must read another value out of it."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise Untrue("a name stands twice in an object")
        return dict(pairs)

    try:
        return json.loads(data.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Untrue("not JSON") from error


def write_json(value: Any) -> bytes:
    """Write a value as its canonical text."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Untrue("not JSON") from error


def within(value: Any, depth: int = 0) -> bool:
    """Tell whether a value is of the log's own profile of JSON."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, list):
        return depth < MAX_DEPTH and all(within(each, depth + 1) for each in value)
    if isinstance(value, dict):
        return all(FIELD.fullmatch(each) for each in value) and within(list(value.values()), depth)
    return value is None or (isinstance(value, int) and abs(value) <= MAX_INTEGER)


def canonical(entry: bytes) -> Any:
    """Return an entry's value, if the entry is the one canonical text of it."""
    if len(entry) > MAX_ENTRY:
        raise Untrue("longer than an entry may be")
    value = read_json(entry)
    if not within(value) or write_json(value) != entry:
        raise Untrue("not in canonical form")
    return value


# --- The bundle ---


class Files:
    """The files of a bundle, read one at a time, within limits that hold before anything is unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        found = archive.infolist()
        self.archive, self.names = archive, [each.filename for each in found]
        packed, size = sum(each.compress_size for each in found), sum(each.file_size for each in found)
        if sum(name.startswith("entries/") for name in self.names) > MAX_ENTRIES or size > MAX_BYTES:
            raise Unproven("the bundle is larger than this program reads")
        if size > MAX_RATIO * packed + (1 << 20):
            raise Unproven("the bundle is packed suspiciously tight")
        if any(each.compress_type not in (0, 8) or each.flag_bits & 1 for each in found):
            raise Unproven("the bundle is packed or encrypted in a way this program does not read")
        if len(set(self.names)) != len(found) or any(not NAME.fullmatch(name) for name in self.names):
            raise Untrue("the bundle holds a file it should not")
        if any(each.external_attr >> 28 not in (0, 8) for each in found):
            raise Untrue("the bundle holds a link")

    def read(self, name: str) -> bytes:
        if name not in self.archive.NameToInfo:
            raise Untrue(f"{name} is missing")
        try:
            return self.archive.read(name)
        except Exception as error:  # whatever a crafted archive makes the standard library raise
            raise Untrue(f"{name} is damaged") from error

    def json(self, name: str) -> Any:
        return read_json(self.read(name))

    def numbers(self, folder: str) -> list[int]:
        return sorted(int(re.sub(r"\D", "", name)) for name in self.names if name.startswith(folder + "/"))


class Report:
    """Prints what became of each claim, and keeps the worst."""

    def __init__(self) -> None:
        self.code = 0

    def check(self, claim: str, work: Callable[[], Optional[str]]) -> bool:
        """Print the claim, with what was found; tell whether it is proven."""
        try:
            more = work()
        except Unproven as why:
            self.say("not checked", f"{claim}: {why}", 2)
        except Untrue as why:
            self.say("false", f"{claim}: {why}", 1)
        except Exception as why:  # noqa: BLE001 - a field is missing or of another type: no proof comes of it
            self.say("false", f"{claim}: malformed ({type(why).__name__} {why!s:.60})", 1)
        else:
            self.say("proven", f"{claim}: {more}" if more else claim, 0)
            return True
        return False

    def say(self, verdict: str, words: str, code: int = 0) -> None:
        """Print a line; what a bundle says cannot break out of it, nor hide in it."""
        shown = "".join(each if each.isprintable() else "?" for each in words[:300])
        print(f"{verdict:<12}", shown.encode("ascii", "backslashreplace").decode())  # noqa: T201 - a program's answer
        self.code = 1 if 1 in (self.code, code) else max(self.code, code)


class Bundle:
    """What a bundle claims: one method per kind of claim; each says what it found."""

    def __init__(self, files: Files, key: Optional[Key]) -> None:
        self.files, self.key = files, key
        self.indexes, self.opened = files.numbers("entries"), files.numbers("open")
        self.foreign: list[int] = []
        self.origin, self.size, self.root = "", 0, b""

    def whole(self) -> str:
        """Check each file against the manifest."""
        manifest = self.files.json("manifest.json")
        listed = manifest["files"]
        if set(listed) != set(self.files.names) - {"manifest.json"}:
            raise Untrue("files are missing or added")
        for name, stated in listed.items():
            if hashlib.sha256(self.files.read(name)).hexdigest() != stated["sha256"]:
                raise Untrue(f"{name} was changed")
        if manifest["entries"] != len(self.indexes) or manifest["opened"] != len(self.opened):
            raise Untrue("the manifest counts other entries")
        ranged = "range.json" in self.files.names
        if not set(self.opened) <= set(self.indexes) or self.files.numbers("proofs") != [self.indexes, []][ranged]:
            raise Untrue("a proof or an opening belongs to no entry, or an entry has no proof")
        return f"{len(listed)} files"

    def signed(self) -> str:
        """Check the signature that fixes the tree."""
        if self.key is None:
            raise Unproven("give the log's public key with --key; a bundle cannot vouch for its own")
        self.origin, self.size, self.root = open_checkpoint(self.files.read("checkpoint"), self.key)
        manifest = self.files.json("manifest.json")
        if (manifest["log"], manifest["size"]) != (self.origin, self.size):
            raise Untrue("the manifest names another log or size")
        return f"{self.origin}, {self.size} entries"

    def entry(self, index: int) -> str:
        """Check that an entry stands where it says, by its own proof."""
        text = self.files.read(f"entries/{index}.json")
        stated, path, checkpoint = read_proof(self.files.read(f"proofs/{index}.tlog-proof"))
        if (stated, checkpoint) != (index, self.files.read("checkpoint")):
            raise Untrue("its proof is of another entry, or for another checkpoint")
        if root_by_path(index, self.size, leaf(text), path) != self.root:
            raise Untrue("it does not stand there")
        return self._told(index, text)

    def range(self) -> str:
        """Check that a range of entries stands in the log, whole and in this order."""
        given = self.files.json("range.json")
        begin, end = given["begin"], given["end"]
        if type(begin) is not int or type(end) is not int or not 0 <= begin <= end <= self.size:
            raise Untrue("the tree has no such range")
        if end - begin != len(self.indexes) or self.indexes not in ([], list(range(begin, begin + len(self.indexes)))):
            raise Untrue("entries of the range are missing, or stand beside it")
        leaves = []
        for index in self.indexes:
            text = self.files.read(f"entries/{index}.json")
            leaves.append(leaf(text))
            self._told(index, text)
        if root_by_range(begin, leaves, self.size, unhash(given["left"]), unhash(given["right"])) != self.root:
            raise Untrue("they do not stand there")
        return f"from {begin} up to, not including, {end}"

    def opening(self, index: int) -> str:
        """Check that personal fields are what was committed to when the entry was written."""
        promised = canonical(self.files.read(f"entries/{index}.json"))["commit"]
        opened = self.files.json(f"open/{index}.json")
        for field, given in opened.items():
            salt = unbase64(given["salt"])
            if field not in promised or not FIELD.fullmatch(field) or len(salt) != SALT:
                raise Untrue("the entry promised no such field, or the salt has another length")
            said = b"govern/commit/v1\0" + field.encode() + b"\0" + salt + write_json(given["value"])
            if unbase64(promised[field]) != hashlib.sha256(said).digest():
                raise Untrue(f"{field} is not what was recorded")
        if not opened:
            raise Untrue("nothing is opened")
        return ", ".join(sorted(opened))

    def since(self, old: bytes) -> str:
        """Check that the log only grew after a checkpoint that was kept elsewhere."""
        try:
            _, size, root = open_checkpoint(old, self.key or ("", b"", b""))
        except Untrue as why:
            raise Unproven(f"that checkpoint cannot be used: {why}") from why
        given: dict[str, Any] = {"from": size, "proof": []}
        if size not in (0, self.size):
            given = self.files.json("consistency.json") if "consistency.json" in self.files.names else {"from": None}
        if given["from"] != size or size > self.size:
            raise Unproven(f"the bundle was not made for a checkpoint of {size} entries")
        if size == 0 and root == fold([]):
            return "the log was empty then"
        if roots_by_step(size, self.size, root, unhash(given["proof"])) != (root, self.root):
            raise Untrue("entries before that checkpoint were changed")
        return f"{size} entries then"

    def _told(self, index: int, text: bytes) -> str:
        """Return what an entry says of itself; bytes that stand in the log need not be in govern's format."""
        try:
            value = canonical(text)
            if isinstance(value, dict) and value.get("log") == self.origin:
                return f"{value.get('action')!s:.80} at {value.get('at')!s:.40}"
        except Untrue:
            pass
        self.foreign.append(index)
        return "not in govern's format, or written under another log's name"


def check_entries(bundle: Bundle, report: Report) -> None:
    """Check where the entries stand, and say what no file can prove."""
    if "range.json" in bundle.files.names:
        report.check("these entries stand in the log, and none is left out between them", bundle.range)
    else:
        for index in bundle.indexes:
            report.check(f"entry {index} stands in the log", partial(bundle.entry, index))
        report.say("note", "this bundle answers a question; that nothing else would have, no file can prove")
    if bundle.foreign:
        first = bundle.foreign[0]
        report.say("note", f"{len(bundle.foreign)} entries stand there in another format or name, first {first}")


def verify(files: Files, key: Optional[Key], since: Optional[bytes], report: Report) -> None:
    """Check every claim of a bundle."""
    bundle = Bundle(files, key)
    report.check("the bundle is whole", bundle.whole)
    if not report.check("the checkpoint is signed by the log", bundle.signed):
        report.say("not checked", f"{len(bundle.indexes)} entries: nothing fixes the tree", 2)
        return
    check_entries(bundle, report)
    for index in bundle.opened:
        report.check(f"entry {index} opens", partial(bundle.opening, index))
    if since is not None:
        report.check("nothing before the earlier checkpoint was changed", partial(bundle.since, since))
    elif "consistency.json" in files.names:
        report.say("note", "give the earlier checkpoint with --since, to prove that nothing before it was changed")
    manifest = hashlib.sha256(files.read("manifest.json")).hexdigest()
    report.say("note", f"SHA-256 of the manifest, which the log's entry of this export names: {manifest}")
    report.say(
        "note", "manifest, sentences, README and withheld.json are the exporter's words; the entries are the log's"
    )


def run(given: argparse.Namespace, report: Report) -> None:
    try:
        key = read_key(given.key) if given.key else None
    except Untrue as why:
        report.say("not checked", f"the bundle: {why}", 2)
        return
    try:
        since = Path(given.since).read_bytes() if given.since else None
        with zipfile.ZipFile(given.bundle) as archive:
            verify(Files(archive), key, since, report)
    except Untrue as why:
        report.say("false", f"the bundle: {why}", 1)
    except Exception as why:  # noqa: BLE001 - not there, no archive, beyond the limits, or crafted: nothing is proven
        report.say("not checked", f"the bundle: {type(why).__name__} {why}", 2)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the check; return the exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("bundle", help="a .govern-evidence.zip")
    parser.add_argument("--key", help="the log's public key: name+id+key, from outside the bundle")
    parser.add_argument("--since", help="a checkpoint you kept earlier, as a file")
    report = Report()
    run(parser.parse_args(arguments), report)
    return report.code


if __name__ == "__main__":
    sys.exit(main())
