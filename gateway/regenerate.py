"""Writes what the gateway keeps of the specification.

``python gateway/regenerate.py`` writes, ``--check`` exits 1 and names what differs.
Needs the generator and datamodel-code-generator, which the gateway itself does not.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "generator"))

from headgate.document import load_document  # noqa: E402

PACKAGE = ROOT / "gateway" / "headgate_gateway"
EVENT_UNIONS = ("MessageStreamEvent", "RunStreamEvent", "WorkspaceEvent")
_COMPONENT = "#/components/schemas/"

CODEGEN = [
    "--input-file-type=openapi",
    "--output-model-type=pydantic_v2.BaseModel",
    "--disable-timestamp",
    "--formatters=builtin",
    "--use-annotated",
    "--field-constraints",
    "--use-standard-collections",
    "--use-union-operator",
    "--enum-field-as-literal=all",
    "--strict-nullable",
    "--strict-types", "str", "int", "float", "bool", "bytes",
    "--use-missing-sentinel",
    "--use-type-alias-type",
    "--use-title-as-name",
    "--target-python-version=3.11",
]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Exit 0 when all is written or current, 1 when ``--check`` finds a difference."""
    wanted = contents()
    if "--check" not in arguments:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in wanted.items() if not _holds(path, text)]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)} is not current\n")
    return 1 if stale else 0


def contents() -> dict[Path, str]:
    """What each file has to hold."""
    bundle = load_document(ROOT / "spec" / "openapi.yaml").root
    document = json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
    events = json.dumps(event_schema(bundle), indent=2, ensure_ascii=False) + "\n"
    return {
        PACKAGE / "spec" / "openapi.json": document,
        PACKAGE / "spec" / "events.schema.json": events,
        PACKAGE / "models.py": models(document),
    }


def event_schema(bundle: dict[str, Any]) -> dict[str, Any]:
    """The event unions and all they need, as a JSON Schema of their own."""
    schemas = bundle["components"]["schemas"]
    needed: dict[str, Any] = {}
    waiting = list(EVENT_UNIONS)
    while waiting:
        name = waiting.pop(0)
        if name not in needed:
            needed[name] = _local(schemas[name], waiting)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{bundle['info']['title']} events",
        "$defs": {name: needed[name] for name in sorted(needed)},
    }


def _local(node: Any, seen: list[str]) -> Any:
    """A schema with its references turned to ``$defs``, the names noted in ``seen``."""
    if isinstance(node, list):
        return [_local(item, seen) for item in node]
    if isinstance(node, str) and node.startswith(_COMPONENT):
        seen.append(node.removeprefix(_COMPONENT))
        return f"#/$defs/{seen[-1]}"
    if isinstance(node, dict):
        return {key: _local(value, seen) for key, value in node.items()}
    return node


def models(document: str) -> str:
    """Strict pydantic models of every schema in the document."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "openapi.json"
        source.write_text(document, encoding="utf-8")
        output = Path(folder) / "models.py"
        command = [sys.executable, "-m", "datamodel_code_generator", *CODEGEN]
        subprocess.run(
            [*command, f"--input={source}", f"--output={output}"],
            check=True,
            cwd=folder,
        )
        text = output.read_text(encoding="utf-8")
    # The place that the generator imports from is deprecated since pydantic 2.14.
    return text.replace("pydantic.experimental.missing_sentinel", "pydantic")


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
