"""Write our own proof vectors, `tests/tlog/vectors/`: run by hand, its output is committed.

Everything is computed from the recursive definitions of RFC 6962, section 2.1, and shares no code with `govern.tlog`.
"""

import base64
import json
from hashlib import sha256
from pathlib import Path

OUT = Path(__file__).parents[1] / "tests" / "tlog" / "vectors"
LEAVES = [sha256(b"\x00" + f"govern {number}".encode()).digest() for number in range(21)]


def mth(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(count):
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def text(data):
    return base64.b64encode(data).decode()


def write(kind, name, case):
    file = OUT / kind / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(case, indent=1) + "\n")


def inclusion(index, size):
    proof, root = path(index, LEAVES[:size]), mth(LEAVES[:size])
    base = {"leafIdx": index, "treeSize": size, "root": text(root), "leafHash": text(LEAVES[index])}
    good = {**base, "proof": [text(each) for each in proof], "desc": "as it is", "wantErr": False}
    write("inclusion", f"{index}-of-{size}", good)
    write(
        "inclusion",
        f"{index}-of-{size}-longer",
        {**good, "proof": [*good["proof"], text(root)], "desc": "one hash more", "wantErr": True},
    )
    write(
        "inclusion",
        f"{index}-of-{size}-root",
        {**good, "root": text(sha256(root).digest()), "desc": "another root", "wantErr": True},
    )


def consistency(first, second):
    proof = subproof(first, LEAVES[:second], True)
    good = {
        "size1": first,
        "size2": second,
        "root1": text(mth(LEAVES[:first])),
        "root2": text(mth(LEAVES[:second])),
        "proof": [text(each) for each in proof],
        "desc": "as it is",
        "wantErr": False,
    }
    write("consistency", f"{first}-to-{second}", good)
    swapped = {**good, "root1": good["root2"], "root2": good["root1"], "desc": "roots swapped", "wantErr": True}
    write("consistency", f"{first}-to-{second}-swapped", swapped)
    write(
        "consistency",
        f"{first}-to-{second}-shorter",
        {**good, "proof": good["proof"][:-1], "desc": "one hash less", "wantErr": True},
    )


for each in ((0, 1), (0, 8), (7, 8), (5, 7), (6, 7), (20, 21), (16, 21), (12, 13)):
    inclusion(*each)
for each in ((1, 2), (3, 7), (4, 7), (6, 8), (8, 21), (13, 21), (20, 21)):
    consistency(*each)
