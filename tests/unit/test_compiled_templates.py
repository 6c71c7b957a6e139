"""Compiled templates are kept, and never outlive what they were made from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from headgate.rendering.compiled import CompiledTemplates


@pytest.fixture(autouse=True)
def keeping_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytecode is written, whatever the shell that runs the tests says."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("sys.pycache_prefix", None)


def render(folder: Path, options: bytes = b"", *, trim_blocks: bool = False) -> str:
    """What the folder's one template prints, in an environment of its own."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        bytecode_cache=CompiledTemplates(options),
        autoescape=False,
        trim_blocks=trim_blocks,
    )
    return environment.get_template("page.jinja").render(name="x")


def kept(folder: Path) -> list[Path]:
    return list((folder / "__pycache__").iterdir())


def test_a_template_is_kept_compiled(tmp_path: Path) -> None:
    """One file stands beside the template, and what is printed stays the same."""
    (tmp_path / "page.jinja").write_text("<{{ name }}>")

    assert [render(tmp_path), render(tmp_path)] == ["<x>", "<x>"]
    assert len(kept(tmp_path)) == 1


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    """The source decides, not the time of a file."""
    (tmp_path / "page.jinja").write_text("<{{ name }}>")
    render(tmp_path)
    time = (tmp_path / "page.jinja").stat().st_mtime
    (tmp_path / "page.jinja").write_text("[{{ name }}]")
    os.utime(tmp_path / "page.jinja", (time, time))

    assert render(tmp_path) == "[x]"


def test_other_options_compile_anew(tmp_path: Path) -> None:
    """What was compiled under other options is not used."""
    (tmp_path / "page.jinja").write_text("{% if name %}\n<{{ name }}>{% endif %}")
    render(tmp_path, b"untrimmed")

    assert render(tmp_path, b"trimmed", trim_blocks=True) == "<x>"


def test_a_broken_file_is_no_error(tmp_path: Path) -> None:
    """What cannot be read is compiled again."""
    (tmp_path / "page.jinja").write_text("<{{ name }}>")
    render(tmp_path)
    (file,) = kept(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])

    assert render(tmp_path) == "<x>"


def test_a_folder_that_takes_no_file_is_no_error(tmp_path: Path) -> None:
    """A package may be installed where nobody may write."""
    (tmp_path / "page.jinja").write_text("<{{ name }}>")
    (tmp_path / "__pycache__").write_text("in the way")

    assert render(tmp_path) == "<x>"
