"""`python -m tests.golden.rewrite`: makes what the generator writes now the expected.

Review the difference before it is committed: it is the change that users will see.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.golden.cases import (
    CASES,
    LANGUAGES,
    Language,
    expected_folder,
    generate,
    read_written,
)


def rewrite(case: str, language: Language) -> None:
    """Replace a case's expected files of one language."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        generate(case, language, out)
        target = expected_folder(case, language)
        shutil.rmtree(target, ignore_errors=True)
        for path, text in read_written(case, language, out).items():
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="")


if __name__ == "__main__":
    for name in CASES:
        for known in LANGUAGES:
            rewrite(name, known)
