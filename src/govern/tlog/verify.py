"""Check an evidence bundle of govern's audit log: python verify.py BUNDLE --key KEY [--since CHECKPOINT]

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

MAX_ENTRIES = 100_000
MAX_BYTES = 2 << 30
MAX_RATIO = 200
NAME = re.compile(
    r"manifest\.json|checkpoint|policy|range\.json|withheld\.json|consistency\.json|sentences\.txt|README|verify\.py"
    r"|(entries|open)/(0|[1-9][0-9]{0,15})\.json|proofs/(0|[1-9][0-9]{0,15})\.tlog-proof"
)


class False_(Exception):
    """A claim is false."""


class Unproven(Exception):
    """A claim cannot be checked."""


# --- Ed25519, RFC 8032 section 5.1.7, in the plainest form ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data):
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    x = recover(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, base):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, base)
        base, scalar = add(base, base), scalar >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover(BASE_Y, 0), BASE_Y, 1, recover(BASE_Y, 0) * BASE_Y % P)


def signed(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment, scalar = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = times(scalar, BASE), add(commitment, times(int.from_bytes(digest, "little") % L, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Merkle tree, RFC 6962 section 2.1 ---


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def fold(hashes):
    found = hashes[-1] if hashes else hashlib.sha256(b"").digest()
    for each in reversed(hashes[:-1]):
        found = node(each, found)
    return found


def root_by_path(index, size, found, path):
    """Walk from a leaf to the root, splitting the tree as the RFC defines it."""
    sides, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        sides.append(index >= middle)
        begin, end = (middle, end) if index >= middle else (begin, middle)
    if not 0 <= index < size or len(sides) != len(path):
        raise False_("the path has another length")
    for sibling, right in zip(path, reversed(sides)):
        found = node(sibling, found) if right else node(found, sibling)
    return found


def covering(begin, end):
    """Give the levels of the perfect trees that together are the leaves from begin to end."""
    while begin < end:
        level = 0
        while begin % (2 << level) == 0 and begin + (2 << level) <= end:
            level += 1
        yield level
        begin += 1 << level


def root_by_range(begin, leaves, size, left, right):
    """Build the tree from the hashes left of a range, its leaves, and the hashes right of it."""
    end = begin + len(leaves)
    steps = list(zip(covering(0, begin), left)) + [(0, each) for each in leaves] + list(zip(covering(end, size), right))
    if len(steps) != len(left) + len(leaves) + len(right) or end > size:
        raise False_("the range has another shape")
    stack, at = [], 0
    for level, found in steps:
        height = level
        while at >> height & 1:
            found, height = node(stack.pop(), found), height + 1
        stack.append(found)
        at += 1 << level
    if at != size:
        raise False_("the range has another shape")
    return fold(stack)


def roots_by_step(first, second, root1, path):
    """Follow a consistency proof as RFC 9162, section 2.1.4.2 does; return the roots it leads to."""
    if not 1 <= first <= second:
        raise False_("the earlier checkpoint is not earlier")
    if first == second:
        return root1, root1
    path = [root1, *path] if first & (first - 1) == 0 else list(path)
    if not path:
        raise False_("the consistency proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for each in path[1:]:
        if sn == 0:
            raise False_("the consistency proof is too long")
        if fn & 1 or fn == sn:
            old, new = node(each, old), node(each, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node(new, each)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise False_("the consistency proof is too short")
    return old, new


# --- Notes, checkpoints and keys ---


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise False_("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise False_("base64 with loose bits")
    return data


def read_key(text):
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if len(data) != 33 or data[0] != 1 or not name:
        raise False_("the key is not an Ed25519 key")
    found = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if found.hex() != stated:
        raise False_("the key's id is not its own")
    return name, found, data[1:]


def open_checkpoint(data, key):
    """Return origin, size and root of a checkpoint that this key signed."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise False_("the checkpoint is not UTF-8") from error
    if any(ord(char) < 32 and char != "\n" for char in text):
        raise False_("a control character stands in the checkpoint")
    head, found, tail = text.rpartition("\n\n")
    lines = (head + "\n").split("\n")[:-1]
    if not found or not tail.endswith("\n") or len(lines) < 3 or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise False_("the checkpoint is malformed")
    name, key_id, public = key
    good = 0
    for line in tail[:-1].split("\n"):
        match = re.fullmatch("— ([^ ]+) ([A-Za-z0-9+/]+={0,2})", line)
        if match is None:
            raise False_("a signature line is malformed")
        value = unbase64(match[2])
        if match[1] == name and value[:4] == key_id:
            if not signed(public, (head + "\n").encode(), value[4:]):
                raise False_("the signature is not this key's")
            good += 1
    root = unbase64(lines[2])
    if not good or lines[0] != name or len(root) != 32:
        raise False_("this key did not sign a checkpoint of this log")
    return lines[0], int(lines[1]), root


def hashes(values):
    found = [unbase64(each) for each in values]
    if any(len(each) != 32 for each in found):
        raise False_("a hash has 32 bytes")
    return found


# --- The bundle ---


def read_bundle(path):
    """Return the files of a bundle, within limits that hold before anything is unpacked."""
    with zipfile.ZipFile(path) as archive:
        found = archive.infolist()
        packed = sum(each.compress_size for each in found)
        size = sum(each.file_size for each in found)
        if sum(each.filename.startswith("entries/") for each in found) > MAX_ENTRIES or size > MAX_BYTES:
            raise Unproven("the bundle is larger than this program reads")
        if size > MAX_RATIO * packed + (1 << 20):
            raise Unproven("the bundle is packed suspiciously tight")
        names = [each.filename for each in found]
        if len(set(names)) != len(names) or any(not NAME.fullmatch(each) for each in names):
            raise False_("the bundle holds a file it should not")
        if any(each.external_attr >> 28 == 0xA for each in found):
            raise False_("the bundle holds a link")
        return {name: archive.read(name) for name in names}


def canonical(entry):
    """Return an entry's text as JSON, if it is the one canonical text of its value."""

    def refuse(_value):
        raise False_("a number that is no integer")

    try:
        value = json.loads(entry.decode(), parse_float=refuse, parse_constant=refuse)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise False_("not JSON") from error
    if text.encode() != entry or not isinstance(value, dict):
        raise False_("not in canonical form")
    return value


class Report:
    """Prints what became of each claim, and keeps the worst."""

    def __init__(self):
        self.code = 0

    def check(self, claim, work):
        try:
            more = work()
        except Unproven as why:
            self.say("not checked", f"{claim}: {why}", 2)
        except (False_, KeyError, TypeError, ValueError, AttributeError, IndexError) as why:
            self.say("false", f"{claim}: {why}", 1)
        else:
            self.say("proven", claim if more is None else f"{claim}: {more}", 0)
            return True
        return False

    def say(self, verdict, words, code):
        print(f"{verdict:<12} {words}")
        self.code = 1 if 1 in (self.code, code) else max(self.code, code)


class Bundle:
    """The files of a bundle, and one method per kind of claim."""

    def __init__(self, files, key):
        self.files, self.key = files, key
        self.indexes = sorted(int(name[8:-5]) for name in files if name.startswith("entries/"))

    def json(self, name):
        return json.loads(self.files[name].decode())

    def whole(self):
        listed = self.json("manifest.json")["files"]
        if set(listed) != set(self.files) - {"manifest.json"}:
            raise False_("files are missing or added")
        for name, stated in listed.items():
            if hashlib.sha256(self.files[name]).hexdigest() != stated:
                raise False_(f"{name} was changed")
        return f"{len(listed)} files"

    def checkpoint(self):
        if self.key is None:
            raise Unproven("give the log's public key with --key; a bundle cannot vouch for its own")
        self.origin, self.size, self.root = open_checkpoint(self.files["checkpoint"], self.key)
        return f"{self.origin}, {self.size} entries"

    def entry(self, index):
        text = self.files[f"entries/{index}.json"]
        value = canonical(text)
        if value.get("log") != self.origin:
            raise False_("it is of another log")
        proof = self.files[f"proofs/{index}.tlog-proof"].decode().partition("\n\n")
        lines = proof[0].split("\n")
        if lines[0] != "c2sp.org/tlog-proof@v1" or proof[2].encode() != self.files["checkpoint"]:
            raise False_("its proof is malformed, or for another checkpoint")
        lines = lines[2:] if lines[1].startswith("extra ") else lines[1:]
        if lines[0] != f"index {index}":
            raise False_("its proof is of another entry")
        if root_by_path(index, self.size, leaf(text), hashes(lines[1:])) != self.root:
            raise False_("it does not stand there")
        return f"{value.get('action')} at {value.get('at')}"

    def range(self):
        given = self.json("range.json")
        begin, end = given["begin"], given["end"]
        if self.indexes != list(range(begin, end)):
            raise False_("entries of the range are missing")
        texts = [self.files[f"entries/{index}.json"] for index in self.indexes]
        for text in texts:
            if canonical(text).get("log") != self.origin:
                raise False_("an entry is of another log")
        left, right = hashes(given["left"]), hashes(given["right"])
        if root_by_range(begin, [leaf(text) for text in texts], self.size, left, right) != self.root:
            raise False_("they do not stand there")

    def opening(self, index):
        promised = canonical(self.files[f"entries/{index}.json"])["commit"]
        opened = self.json(f"open/{index}.json")
        for field, given in opened.items():
            value = json.dumps(given["value"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            said = b"govern/commit/v1\0" + field.encode() + b"\0" + unbase64(given["salt"]) + value
            if unbase64(promised[field]) != hashlib.sha256(said).digest():
                raise False_(f"{field} is not what was recorded")
        return ", ".join(sorted(opened))

    def since(self, old):
        _, size, root = open_checkpoint(old, self.key)
        given = self.json("consistency.json") if size != self.size else {"from": size, "proof": []}
        if given["from"] != size or size > self.size:
            raise Unproven(f"the bundle was not made for a checkpoint of {size} entries")
        if size == 0:
            return "the log was empty then"
        if roots_by_step(size, self.size, root, hashes(given["proof"])) != (root, self.root):
            raise False_("entries before that checkpoint were changed")
        return f"{size} entries then"


def verify(files, key, since, report):
    """Check every claim of a bundle."""
    bundle = Bundle(files, key)
    report.check("the bundle is whole", bundle.whole)
    if not report.check("the checkpoint is signed by the log", bundle.checkpoint):
        return report.say("not checked", f"{len(bundle.indexes)} entries: nothing fixes the tree", 2)
    if "range.json" in files:
        first, last = (bundle.indexes[0], bundle.indexes[-1]) if bundle.indexes else (0, 0)
        report.check(f"entries {first} to {last} stand in the log, none is left out between them", bundle.range)
    else:
        for index in bundle.indexes:
            report.check(f"entry {index} stands in the log", lambda index=index: bundle.entry(index))
        print(f"{'note':<12} this bundle answers a question; that nothing else would have, no file can prove")
    for index in bundle.indexes:
        if f"open/{index}.json" in files:
            report.check(f"entry {index} opens", lambda index=index: bundle.opening(index))
    if since is not None:
        report.check("nothing before the earlier checkpoint was changed", lambda: bundle.since(since))
    return None


def main(arguments=None):
    """Run the check; return the exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("bundle", help="a .govern-evidence.zip")
    parser.add_argument("--key", help="the log's public key: name+id+key, from outside the bundle")
    parser.add_argument("--since", help="a checkpoint you kept earlier, as a file")
    given = parser.parse_args(arguments)
    report = Report()
    try:
        key = read_key(given.key) if given.key else None
        since = None
        if given.since:
            with open(given.since, "rb") as file:
                since = file.read()
        verify(read_bundle(given.bundle), key, since, report)
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, Unproven) as why:
        report.say("not checked", f"the bundle: {why}", 2)
    except False_ as why:
        report.say("false", f"the bundle: {why}", 1)
    return report.code


if __name__ == "__main__":
    sys.exit(main())
