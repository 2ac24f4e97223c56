"""Whether a database has to be prepared (migrated and filled) before its service starts.

Preparing costs a second or two of a whole interpreter, so a stack remembers what it was prepared from: the
sources of the service and the seed. An interrupted preparation is not remembered.
"""

import hashlib
from pathlib import Path

from onestop_local.stack import Home
from onestop_local.workspace import ROOT, process_name


def fingerprint(service: str, seed: Path, root: Path = ROOT) -> str:
    """Return a sum over everything that decides what a prepared database of `service` looks like."""
    sum_ = hashlib.sha256(seed.read_bytes())
    folder = root / process_name(service)
    for part in (folder / "migrations", folder / "src"):
        for path in sorted(part.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                sum_.update(str(path.relative_to(folder)).encode() + b"\0")
                sum_.update(path.read_bytes())
    return sum_.hexdigest()


def _note(home: Home, service: str) -> Path:
    return home.directory / "prepared" / service


def is_prepared(home: Home, service: str, wanted: str, at_revision: str | None) -> bool:
    """Return whether the database was prepared from just this, and still is where that left it."""
    try:
        return _note(home, service).read_text() == f"{wanted} {at_revision}"
    except OSError:
        return False


def remember(home: Home, service: str, done: str, at_revision: str | None) -> None:
    """Note what the database was prepared from."""
    note = _note(home, service)
    note.parent.mkdir(exist_ok=True)
    note.write_text(f"{done} {at_revision}")
