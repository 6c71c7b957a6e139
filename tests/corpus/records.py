"""What was found before, kept so that a run goes on where the last one stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What came of one check: everything that was found wrong, line by line."""

    faults: tuple[str, ...]
    notes: str = ""


def digest_of(folder: Path) -> str:
    """A digest of every file below a folder, names included; or of one file."""
    whole = hashlib.sha256()
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_file():
            whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def remembered(
    record: Path, key: str, check: Callable[[], Outcome]
) -> tuple[Outcome, bool]:
    """The outcome on record under this key, or a new one; whether it is new."""
    if record.exists():
        kept = json.loads(record.read_text("utf-8"))
        if kept["key"] == key:
            return Outcome(tuple(kept["faults"]), kept["notes"]), False
    outcome = check()
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"key": key, **asdict(outcome)}, indent=1), "utf-8")
    return outcome, True
