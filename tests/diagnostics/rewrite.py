"""Write each case's expected text from what is said now: `python -m` this, and read."""

from __future__ import annotations

import os
from pathlib import Path

from headgate.diagnostics import render
from tests.diagnostics.cases import CASES, FILES, diagnose

for spec in CASES.values():
    os.chdir(spec.parent)
    diagnostics, sources = diagnose(Path(spec.name))
    for style, name in FILES.items():
        if style == "text" or Path(name).exists():
            Path(name).write_text(render(diagnostics, style, sources), "utf-8")
