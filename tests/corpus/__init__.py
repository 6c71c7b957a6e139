"""Real API documents that others wrote, which live outside the repository.

HEADGATE_CORPUS names their folder; by default it is `shared/specs` beside the
checkout. Tests that read them also read documents of their own, so that a clone
without a corpus still tests everything, on less.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(
    os.environ.get("HEADGATE_CORPUS", ROOT.parent.joinpath("shared", "specs"))
)
OWN = Path(__file__).resolve().parent / "documents"
"""Documents of the repository's own that hold every construct in small."""

SMALL = (
    "museum-31",
    "opc-baseline-31",
    "petstore3",
    "tictactoe-31",
    "train-travel-31",
    "vai-lite",
)
"""Documents of the corpus whose operations are all called over loopback."""


def find_documents() -> dict[str, Path]:
    """Every document of the corpus, by its stem."""
    return _documents(FOLDER)


def own_documents() -> dict[str, Path]:
    """Our specification and the small documents kept beside these tests."""
    return {"ours": ROOT / "spec" / "openapi.yaml", **_documents(OWN)}


def _documents(folder: Path) -> dict[str, Path]:
    return {
        path.stem: path
        for path in sorted(folder.glob("*"))
        if path.suffix in {".json", ".yaml", ".yml"}
    }
