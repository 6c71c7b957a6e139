"""Writes the files of a small document to a folder and reads it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from headgate.document import Document, load_document
from headgate.errors import Diagnostic, SpecError

HEAD = 'openapi: 3.1.0\ninfo: {title: Pet Shop, version: "1"}\n'


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files; the first is the root, and its path is given."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    return folder / next(iter(files))


def load(folder: Path, files: dict[str, str]) -> Document:
    """Read a document that is fine."""
    return load_document(write(folder, files))


def faults(folder: Path, files: dict[str, str]) -> tuple[Diagnostic, ...]:
    """Read a document that is not fine, and give what is said of it."""
    with pytest.raises(SpecError) as raised:
        load_document(write(folder, files))
    return raised.value.diagnostics
