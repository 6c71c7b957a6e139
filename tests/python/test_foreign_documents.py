"""Packages of documents that others wrote can be imported, and their models built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headgate.pipeline import generate, write_packages
from tests.corpus import find_documents

BUILD = Path(__file__).resolve().with_name("build_models.py")
REAL = ["anthropic-2024-11", "museum-31", "ollama", "petstore3", "train-travel-31"]
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
DOCUMENTS = {
    **{path.parent.name: path for path in sorted(GOLDEN.glob("*/spec.yaml"))},
    **{name: path for name, path in find_documents().items() if name in REAL},
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_model_can_be_built(name: str, tmp_path: Path) -> None:
    """Type checkers see names; only building shows that pydantic finds them too."""
    write_packages(generate(DOCUMENTS[name], ["python"]), tmp_path)
    source = tmp_path / "python" / "src"
    (package,) = (path.name for path in source.iterdir())
    done = subprocess.run(
        [sys.executable, BUILD, source, package],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 0
