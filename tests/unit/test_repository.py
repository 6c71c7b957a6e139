"""What is committed keeps to the house's limits."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 600
SOURCES = {".py", ".ts", ".rs", ".j2", ".mjs"}
LOCK_FILES = {"package-lock.json", "Cargo.lock", "uv.lock", "yarn.lock"}
MARKERS = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
ADDRESSES = re.compile(
    r"/(?:root|home)/[a-z]|registry\.npm[j]s|static\.cr[a]tes|files\.python[h]osted"
)


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def written_by_hand() -> list[Path]:
    return [
        path
        for path in committed()
        if path.suffix in SOURCES
        and not path.is_relative_to(ROOT / "generated")
        and "expected" not in path.parts
        and "generated" not in path.read_text("utf-8").partition("\n")[0].lower()
    ]


def test_source_files_are_short() -> None:
    """A file that outgrows the limit has more than one thing to say."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in written_by_hand()
        if (lines := path.read_text("utf-8").count("\n")) > LONGEST
    }

    assert long == {}


def test_no_lock_file_is_committed() -> None:
    """Lock files record addresses; versions are pinned in the manifests."""
    assert [path for path in committed() if path.name in LOCK_FILES] == []


def test_no_marker_is_left() -> None:
    """What is left to do is in the tracker, not in the source."""
    marked = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in written_by_hand()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if MARKERS.search(line)
    ]

    assert marked == []


def test_no_address_of_a_machine_or_registry_is_left() -> None:
    """Nothing committed says on which machine, or from where, it was made."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in committed()
        if path.suffix not in {".png", ".svg"}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ADDRESSES.search(line)
    ]

    assert found == []
