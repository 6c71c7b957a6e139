"""Imports run one way: a module uses its own layer or one that comes before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "generator" / "headgate"
ROAD = (
    "errors",
    "garbage",
    "lines",
    "document",
    "diagnostics",
    "names",
    "ir",
    "encoding",
    "plan",
    "rendering",
    "output",
    "parallel",
    "pipeline",
    "cli",
)
SIDE_ROADS = {
    "init": {"errors", "document", "names", "ir", "encoding"},
    "lint": {"errors", "document", "ir"},
    "diff": {"errors", "document", "diagnostics", "ir"},
    "contract": {"errors", "document", "diagnostics", "ir"},
    "faults": {"errors", "document", "ir", "contract"},
}
LANGUAGES = {"python", "typescript", "rust"}


def allowed(layer: str) -> set[str]:
    """The layers that modules of `layer` may import."""
    if layer in SIDE_ROADS:
        return SIDE_ROADS[layer] | {layer}
    before = set(ROAD[: ROAD.index(layer) + 1])
    return before | set(SIDE_ROADS) if layer in ("pipeline", "cli") else before


def imported(path: Path, package: str) -> Iterator[tuple[str, ...]]:
    """The dotted parts, below `package`, of each module of it that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == package and rest:
                yield tuple(rest)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if layer_of(path) not in {"__init__", "__main__"}
    ]


def test_every_module_belongs_to_a_layer() -> None:
    """A new top-level module takes its place in the order before it is used."""
    layers = {layer_of(path) for path in modules()}

    assert layers - set(ROAD) - set(SIDE_ROADS) == set()


def test_imports_never_run_back() -> None:
    """No module imports a layer that comes after its own."""
    wrong = [
        f"{path.relative_to(ROOT)} imports headgate.{'.'.join(name)}"
        for path in modules()
        for name in imported(path, "headgate")
        if name[0] in {*ROAD, *SIDE_ROADS} and name[0] not in allowed(layer_of(path))
    ]

    assert wrong == []


def test_languages_know_nothing_of_each_other() -> None:
    """A language's plan imports the shared plan or its own, never another's."""
    wrong = [
        f"{path.relative_to(ROOT)} imports headgate.{'.'.join(name)}"
        for language in LANGUAGES
        for path in sorted((PACKAGE / "plan" / language).rglob("*.py"))
        for name in imported(path, "headgate")
        if name[0] in {"plan", "encoding"} and set(name[1:2]) & (LANGUAGES - {language})
    ]

    assert wrong == []


def test_the_gateway_runs_without_the_generator() -> None:
    """The gateway is installed alone: no module of it imports headgate."""
    gateway = ROOT / "gateway" / "headgate_gateway"
    wrong = [
        str(path.relative_to(ROOT))
        for path in sorted(gateway.rglob("*.py"))
        if any(True for _ in imported(path, "headgate"))
    ]

    assert wrong == []
