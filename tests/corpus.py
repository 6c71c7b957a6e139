"""Real API documents that others wrote, which live outside the repository.

HEADGATE_CORPUS names their folder; by default it is `shared/specs` beside the
checkout. Tests that read them also read documents of their own, so that a clone
without a corpus still tests everything, on less.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(
    os.environ.get("HEADGATE_CORPUS", ROOT.parent.joinpath("shared", "specs"))
)


def find_documents() -> dict[str, Path]:
    """Every document there is, by its stem."""
    return {
        path.stem: path
        for path in sorted(FOLDER.glob("*"))
        if path.suffix in {".json", ".yaml", ".yml"}
    }
