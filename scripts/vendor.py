"""Take files of others into `admin/static/`: `python scripts/vendor.py ARCHIVE…`.

Each archive is a package downloaded by hand. It must be one that `admin/vendor.toml` names, byte for byte; then its
members are written where that file says. Without arguments it only checks what is there.
"""

import base64
import hashlib
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

ADMIN = Path(__file__).resolve().parents[1] / "admin"


def packages() -> list[dict[str, Any]]:
    """Return what `vendor.toml` lists."""
    found: list[dict[str, Any]] = tomllib.loads((ADMIN / "vendor.toml").read_text())["package"]
    return found


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def faults() -> list[str]:
    """Return a sentence for each file that is missing, changed, or listed nowhere."""
    listed = {file["to"]: file for package in packages() for file in package["file"]}
    found = []
    for name, file in listed.items():
        path = ADMIN / name
        if not path.is_file():
            found.append(f"{name} is missing.")
        elif digest(path.read_bytes()) != file["sha512"]:
            found.append(f"{name} is not what vendor.toml says.")
    for folder in ("vendor", "fonts", "icons"):
        for path in sorted((ADMIN / "static" / folder).iterdir()):
            name = path.relative_to(ADMIN).as_posix()
            if name not in listed:
                found.append(f"{name} is not listed in vendor.toml.")
    return found


def take(archive: Path) -> None:
    """Write the members of one archive.

    Raises:
        SystemExit: vendor.toml does not know this archive.
    """
    content = archive.read_bytes()
    package = next((each for each in packages() if each["sha512"] == digest(content)), None)
    if package is None:
        raise SystemExit(f"{archive.name}: no package of vendor.toml has this hash.")
    with tarfile.open(archive) as members:
        for file in package["file"]:
            if "member" not in file:
                continue  # made by hand from several members; only its hash is kept
            member = members.extractfile(file["member"])
            if member is None:
                raise SystemExit(f"{archive.name} has no {file['member']}.")
            (ADMIN / file["to"]).write_bytes(member.read())
            print(f"{file['to']} from {package['name']} {package['version']}")  # noqa: T201 - a script for people


if __name__ == "__main__":
    for name in sys.argv[1:]:
        take(Path(name))
    wrong = faults()
    for sentence in wrong:
        print(sentence)  # noqa: T201 - a script for people
    sys.exit(bool(wrong))
