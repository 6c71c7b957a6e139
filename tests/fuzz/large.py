"""Generates from a document of 50 MB, and says what it takes.

python -m tests.fuzz.large --megabytes 50
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES

MOST_SECONDS = 60
MOST_BYTES = 2 * 1024**3


def document(megabytes: int) -> str:
    """A document of about so many megabytes, of the kind that machines write."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    size, number = 0, 0
    prose = "What this is for, and what it means to whoever reads it. " * 30
    while size < megabytes * 1024**2:
        schema = _schema(number, prose)
        path = _path(number, prose)
        schemas[f"Thing{number}"] = schema
        paths[f"/things/{number}/{{id}}"] = path
        size += len(json.dumps(schema)) + len(json.dumps(path)) + 60
        number += 1
    root = {"openapi": "3.1.0", "info": {"title": "Large", "version": "1"}}
    return json.dumps(root | {"paths": paths, "components": {"schemas": schemas}})


def _schema(number: int, prose: str) -> Any:
    fields: dict[str, Any] = {
        f"field_{index}": {"type": "string", "description": prose} for index in range(8)
    }
    fields["next"] = {"$ref": f"#/components/schemas/Thing{max(0, number - 1)}"}
    return {"type": "object", "description": prose, "properties": fields}


def _path(number: int, prose: str) -> Any:
    schema = {"$ref": f"#/components/schemas/Thing{number}"}
    answer = {"description": "It.", "content": {"application/json": {"schema": schema}}}
    identifier = {"type": "string"}
    return {
        "get": {
            "tags": [f"part {number // 50}"],
            "operationId": f"getThing{number}",
            "description": prose,
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": identifier}
            ],
            "responses": {"200": answer},
        }
    }


def main() -> None:
    """Generate, and fail above a minute or two gigabytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=50)
    megabytes = parser.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.json"
        spec.write_text(document(megabytes), "utf-8")
        begun, busy = time.perf_counter(), time.process_time()
        made = generate(spec, LANGUAGES)
        write_packages(made, Path(folder) / "out")
        seconds, used = time.perf_counter() - begun, time.process_time() - busy
        size = spec.stat().st_size / 1024**2
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    files = sum(map(len, made.files.values()))
    print(
        f"{size:.0f} MB: {files} files in {seconds:.1f} s ({used:.1f} s of CPU),"
        f" {memory / 1024**2:.0f} MB of memory"
    )
    sys.exit(1 if seconds > MOST_SECONDS or memory > MOST_BYTES else 0)


if __name__ == "__main__":
    main()
