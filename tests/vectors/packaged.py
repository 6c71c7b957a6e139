"""`python -m tests.vectors.packaged` writes the vectors that each package is tested by.

They are those of `spec/vectors/sse` that are short and hit no limit, in a form that
forty lines of any language read: name, body in base64, events.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.vectors.sse_vectors import read_vectors

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ROOT / "templates" / "package" / "tests" / "sse.json"
LONGEST = 400


def packaged() -> str:
    """The text of the file: one vector a line."""
    lines = [
        json.dumps(
            {
                "name": vector.label,
                "body": base64.b64encode(vector.body).decode(),
                "events": [[e.event, e.data, e.id] for e in vector.events],
            }
        )
        for vector in read_vectors()
        if vector.error is None
        and vector.line_limit is None
        and vector.event_limit is None
        and len(vector.body) <= LONGEST
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    PACKAGED.write_text(packaged(), "utf-8")
