"""The layout rules for Python are ruff's, tried on forms of every length."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import identifier, string
from headgate.names import Name
from headgate.plan.python.imports import Imports, export_key
from headgate.plan.python.layout import (
    Alternatives,
    Atom,
    Expr,
    Subscript,
    alternatives,
    annotated_line,
    flat,
    optional,
    parameter_line,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SEEDS = range(4)


def ruff(source: str, *command: str) -> str:
    """What ruff makes of a source."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--isolated", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "error" not in done.stderr, done.stderr
    return done.stdout


class Forms:
    """Names and type expressions of random shapes and lengths."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def name(self, longest: int = 64) -> Code:
        """A name of some length."""
        length = self.random.randint(3, longest)
        text = "".join(self.random.choices(LETTERS, k=length))
        return identifier(Name(f"x{text}"[:length]))

    def class_name(self) -> Code:
        """A name as classes have it."""
        return identifier(Name(self.name(60).text.capitalize()))

    def expr(self, depth: int = 0) -> Expr:
        """A type expression, up to three deep."""
        kinds = ["name", "name", "literal", "list", "map", "optional", "either"]
        kind = self.random.choice(kinds if depth < 3 else kinds[:3])
        match kind:
            case "literal":
                return Subscript(fixed("Literal"), (Atom(string(self.name().text)),))
            case "list":
                return Subscript(fixed("list"), (self.expr(depth + 1),))
            case "map":
                inner = (Atom(fixed("str")), self.expr(depth + 1))
                return Subscript(fixed("dict"), inner)
            case "optional":
                return optional(self.expr(depth + 1))
            case "either":
                return alternatives(self.expr(depth + 1), self.expr(depth + 1))
            case _:
                return Atom(self.class_name())


def lines(parts: list[Code]) -> str:
    return joined("\n", parts).text + "\n"


@pytest.mark.parametrize("seed", SEEDS)
def test_attributes(seed: int) -> None:
    """Annotated attributes of a class, with and without a value."""
    forms = Forms(seed)
    parts = [fixed("class Some:")]
    for _ in range(300):
        start = assembled("{}: ", forms.name())
        required = forms.random.random() < 0.5
        expr = forms.expr() if required else optional(forms.expr())
        line = annotated_line(start, expr, 4, "" if required else " = None")
        parts.append(assembled("    {}", line))
    source = lines(parts)

    assert source == ruff(source, "format")


@pytest.mark.parametrize("seed", SEEDS)
def test_aliases(seed: int) -> None:
    """Names for types, at the left margin."""
    forms = Forms(seed)
    parts: list[Code] = []
    for _ in range(300):
        start = assembled("{}: TypeAlias = ", forms.class_name())
        parts.append(annotated_line(start, forms.expr(), 0))
    source = lines(parts)

    assert source == ruff(source, "format")


@pytest.mark.parametrize("seed", SEEDS)
def test_parameters(seed: int) -> None:
    """Parameters of a method, one a line."""
    forms = Forms(seed)
    parts = [fixed("class Some:"), fixed("    def f(\n        self,\n        *,")]
    for _ in range(250):
        start = assembled("{}: ", forms.name())
        end = "," if forms.random.random() < 0.5 else " = None,"
        expr = forms.expr() if end == "," else optional(forms.expr())
        line = parameter_line(start, expr, 8, "," if end == "," else " = None,")
        parts.append(assembled("        {}", line))
    parts.append(fixed("    ) -> None: ..."))
    source = lines(parts)

    assert source == ruff(source, "format")


@pytest.mark.parametrize("seed", SEEDS)
def test_imports(seed: int) -> None:
    """Imports stand in isort's order, and break where the formatter would."""
    forms = Forms(seed)
    imports = Imports()
    modules = ["typing", "collections.abc", "datetime", "pydantic", "httpx2"]
    modules += ["..types.runs", "..types.run_events", ".._runtime.models", ".zeta"]
    modules += [".alpha10", ".alpha2"]
    for _ in range(120):
        style = forms.random.choice([str.lower, str.upper, str.capitalize])
        name = style(forms.name(20).text) + forms.random.choice(["", "2", "10"])
        imports.use(forms.random.choice(modules), name)
    groups = [joined("\n", group).text for group in imports.groups()]
    source = "\n\n".join(groups) + "\n"

    assert source == ruff(source, "check", "--select", "I", "--fix", "--quiet")
    assert source == ruff(source, "format")


def test_exports_are_sorted_as_ruff_sorts_them() -> None:
    """`__all__` has ruff's own order."""
    names = [
        "b",
        "A",
        "AB",
        "Ab",
        "aB",
        "A10",
        "A2",
        "Z",
        "API",
        "ApiModel",
        "APIError",
    ]
    listed = "".join(f'    "{name}",\n' for name in sorted(names, key=export_key))
    source = f"__all__ = [\n{listed}]\n"
    command = ["check", "--select", "RUF022", "--fix", "--quiet", "--unsafe-fixes"]

    assert source == ruff(source, *command)


def test_alternatives_are_flat_and_single() -> None:
    """A choice in a choice is one choice, and nothing stands in it twice."""
    a, b = Atom(fixed("a")), Atom(fixed("b"))

    assert Alternatives((a, b)) == alternatives(a, alternatives(b, a))
    assert a == alternatives(a, a)
    assert flat(optional(optional(a))).text == "a | None"
