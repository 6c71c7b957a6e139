"""Bringing a folder to the state that was rendered, without touching what is not ours.

A manifest in the folder lists the files that the generator owns. A file that was
owned and is no longer rendered is stale and goes; a file that was never owned is
foreign and stays, even where a rendered file of that name would go: that is an
error. A folder that does not exist yet appears with all its files at once.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MANIFEST = ".headgate-manifest"
_HEADER = "# Files written by headgate; all others in this folder are left alone.\n"


class OutputError(Exception):
    """A folder that must not be written to, and why."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a folder lacks: paths relative to it, sorted."""

    missing: tuple[str, ...]
    different: tuple[str, ...]
    stale: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.missing or self.different or self.stale)


def compare(folder: Path, files: Mapping[str, bytes]) -> Changes:
    """Say how a folder differs from what was rendered."""
    owned = _owned(folder)
    expected = {**files, MANIFEST: _manifest(files)}
    missing = {path for path in expected if not (folder / path).is_file()}
    different = [
        path
        for path, content in expected.items()
        if path not in missing and (folder / path).read_bytes() != content
    ]
    stale = [path for path in owned - files.keys() if (folder / path).is_file()]
    return Changes(
        tuple(sorted(missing)), tuple(sorted(different)), tuple(sorted(stale))
    )


def write(folder: Path, files: Mapping[str, bytes]) -> Changes:
    """Bring a folder up to date and say what was done.

    Raises OutputError, with nothing written, for a path that leaves the folder or
    belongs to somebody else, and where the disk refuses.
    """
    try:
        return _write(folder, files)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror}") from None


def _write(folder: Path, files: Mapping[str, bytes]) -> Changes:
    for path in files:
        _refuse_outside(path)
    if not os.path.lexists(folder):
        return _create(folder, {**files, MANIFEST: _manifest(files)})
    _refuse_foreign(folder, files)
    changes = compare(folder, files)
    expected = {**files, MANIFEST: _manifest(files)}
    touched = (*changes.missing, *changes.different)
    for parent in {(folder / path).parent for path in touched}:
        parent.mkdir(parents=True, exist_ok=True)
    for path in touched:
        _replace(folder / path, expected[path])
    for path in changes.stale:
        (folder / path).unlink()
        _prune(folder, (folder / path).parent)
    return changes


def _create(folder: Path, files: Mapping[str, bytes]) -> Changes:
    """Write beside the new folder and move there, so that no half folder stands."""
    staging = folder.with_name(f".{folder.name}.headgate-new")
    shutil.rmtree(staging, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Whatever still stands there, a link above all, is not written through.
    staging.mkdir()
    try:
        for parent in {path.rpartition("/")[0] for path in files}:
            (staging / parent).mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            (staging / path).write_bytes(content)
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return Changes(tuple(sorted(files)), (), ())


def _refuse_foreign(folder: Path, files: Mapping[str, bytes]) -> None:
    targets = {path: folder / path for path in files}
    _refuse_links(folder, targets.values())
    if not _owned_folder(folder):
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError(f"{folder} has files that the generator did not write")
        return
    for path in files.keys() - _owned(folder):
        if targets[path].is_file():
            raise OutputError(f"{targets[path]} is not one of the generator's files")


def _refuse_outside(path: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or not pure.parts:
        raise OutputError(f"{path!r} is no path inside the output folder")


def _refuse_links(folder: Path, targets: Collection[Path]) -> None:
    """Refuse what a link on the way, or the last one, would take out of the folder."""
    real = folder.resolve()
    followed = {target.parent for target in targets}
    followed.update(target for target in targets if target.is_symlink())
    for path in sorted(followed):
        if not path.resolve().is_relative_to(real):
            raise OutputError(f"{path} leads out of {folder}")


def _owned_folder(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def _owned(folder: Path) -> set[str]:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return set()
    lines = manifest.read_text("utf-8").splitlines()
    paths = {line for line in lines if line and not line.startswith("#")}
    for path in paths:
        _refuse_outside(path)
    return paths


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return (_HEADER + "".join(f"{path}\n" for path in sorted(files))).encode()


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target and move over it, so that no half file ever stands."""
    temporary = target.with_name(f".{target.name}.headgate-new")
    temporary.write_bytes(content)
    temporary.replace(target)


def _prune(folder: Path, parent: Path) -> None:
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent
