"""What the commands say of a document: its diagnostics, and how many there are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from headgate.cli.options import Format
    from headgate.errors import Diagnostic

T = TypeVar("T")


def or_exit(stage: Callable[[], T], style: Format) -> T:
    """Run a stage; print its diagnostics and leave with 1 if the document is wrong."""
    from headgate.errors import SpecError

    try:
        return stage()
    except SpecError as error:
        print_diagnostics(error.diagnostics, error.sources, style, always=True)
        if style == "text":
            click.echo(f"{totals(error.diagnostics)}; nothing was written", err=True)
        sys.exit(1)


def print_diagnostics(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, str],
    style: Format,
    *,
    always: bool = False,
) -> None:
    """Write diagnostics: JSON to standard output for a program, the rest to errors."""
    from headgate.diagnostics import render

    found = tuple(diagnostics)
    if not found and not (always and style == "json"):
        return
    colour = style == "text" and sys.stderr.isatty()
    text = render(found, style, sources, color=colour)
    click.echo(text.rstrip("\n"), err=style == "text")


def totals(diagnostics: Sequence[Diagnostic]) -> str:
    """Count errors and warnings: `2 errors and 1 warning`."""
    errors = sum(1 for found in diagnostics if found.severity == "error")
    warnings = len(diagnostics) - errors
    also = f" and {counted(warnings, 'warning')}" if warnings else ""
    return f"{counted(errors, 'error')}{also}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `no files`, `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number or 'no'} {noun}s"
