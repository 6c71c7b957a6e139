"""A folder is brought up to date without touching what is not the generator's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headgate.output import Changes, OutputError, compare, write

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = ".headgate-manifest"


def everything(folder: Path) -> dict[str, bytes]:
    """Read a folder, the manifest aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def test_a_new_folder_gets_every_file(tmp_path: Path) -> None:
    """What was rendered is what stands there."""
    files = {"a.py": b"a", "b/c.py": b"c"}
    write(tmp_path / "out", files)

    assert everything(tmp_path / "out") == files


def test_a_new_folder_stands_whole_or_not_at_all(tmp_path: Path) -> None:
    """What the disk refuses leaves nothing behind, nor does a run that was ended."""
    (tmp_path / ".out.headgate-new").mkdir()
    (tmp_path / ".out.headgate-new" / "left.py").write_bytes(b"half")
    with pytest.raises(OutputError, match="cannot write"):
        write(tmp_path / "out", {"a.py": b"a", "a.py/b.py": b"b"})
    assert list(tmp_path.iterdir()) == []

    write(tmp_path / "out", {"a.py": b"a"})
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert everything(tmp_path / "out") == {"a.py": b"a"}


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    """Files that are right already keep their times."""
    write(tmp_path, {"a.py": b"a"})
    before = (tmp_path / "a.py").stat().st_mtime_ns
    changes = write(tmp_path, {"a.py": b"a"})

    assert (changes, (tmp_path / "a.py").stat().st_mtime_ns) == (
        Changes((), (), ()),
        before,
    )


def test_stale_files_go_and_foreign_ones_stay(tmp_path: Path) -> None:
    """A file that is no longer rendered goes with its folder; a user's file stays."""
    write(tmp_path, {"a.py": b"a", "old/b.py": b"b"})
    (tmp_path / "mine.txt").write_bytes(b"mine")
    write(tmp_path, {"a.py": b"a"})

    assert everything(tmp_path) == {"a.py": b"a", "mine.txt": b"mine"}
    assert not (tmp_path / "old").exists()


def test_check_lists_what_differs(tmp_path: Path) -> None:
    """Comparing names missing, different and stale files and writes nothing."""
    write(tmp_path, {"a.py": b"a", "b.py": b"b"})
    before = everything(tmp_path)
    changes = compare(tmp_path, {"a.py": b"new", "c.py": b"c"})

    assert changes == Changes(("c.py",), (MANIFEST, "a.py"), ("b.py",))
    assert everything(tmp_path) == before


def test_a_foreign_file_is_not_overwritten(tmp_path: Path) -> None:
    """A file that the manifest does not list belongs to somebody else."""
    write(tmp_path, {"a.py": b"a"})
    (tmp_path / "b.py").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"b\.py"):
        write(tmp_path, {"a.py": b"new", "b.py": b"b"})

    assert everything(tmp_path) == {"a.py": b"a", "b.py": b"mine"}


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A folder with files and no manifest was not written by the generator."""
    (tmp_path / "thesis.txt").write_bytes(b"mine")
    with pytest.raises(OutputError, match="did not write"):
        write(tmp_path, {"a.py": b"a"})

    assert everything(tmp_path) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("path", ["../a.py", "/a.py", "b/../../a.py", "..\\a.py", ""])
def test_no_path_leaves_the_folder(tmp_path: Path, path: str) -> None:
    """Whatever a document makes of a file's name, it stays inside."""
    with pytest.raises(OutputError):
        write(tmp_path / "out", {path: b"a"})

    assert everything(tmp_path) == {}


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    """A folder that is a link to another place is not written through."""
    out = tmp_path / "out"
    write(out, {"a.py": b"a"})
    (tmp_path / "elsewhere").mkdir()
    (out / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="leads out"):
        write(out, {"a.py": b"a", "b/c.py": b"c"})

    assert everything(tmp_path / "elsewhere") == {}


def test_a_new_folder_is_not_made_through_a_link(tmp_path: Path) -> None:
    """A link in the place where it is made ready is not followed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".out.headgate-new").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="cannot write"):
        write(tmp_path / "out", {"a.py": b"a"})

    assert everything(tmp_path / "elsewhere") == {}
    assert not (tmp_path / "out").exists()


def test_a_manifest_cannot_name_files_outside(tmp_path: Path) -> None:
    """A manifest that was tampered with deletes nothing elsewhere."""
    out = tmp_path / "out"
    write(out, {"a.py": b"a"})
    (tmp_path / "precious").write_bytes(b"!")
    (out / MANIFEST).write_text("../precious\n")
    with pytest.raises(OutputError):
        write(out, {"a.py": b"a"})

    assert (tmp_path / "precious").read_bytes() == b"!"
