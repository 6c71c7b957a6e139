"""`headgate check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from headgate.cli.options import CONFIG, FORMAT, OVERLAY, SPEC, STRICT, Format
from headgate.cli.reports import counted, or_exit, print_diagnostics


@click.command()
@SPEC
@CONFIG
@OVERLAY
@FORMAT
@STRICT
def check(
    spec: Path,
    config: Path | None,
    overlays: tuple[Path, ...],
    style: Format,
    *,
    strict: bool,
) -> None:
    """Say everything that is wrong with a document, with the place of each."""
    from headgate.pipeline import check as run

    document, warnings = or_exit(lambda: run(spec, config, overlays=overlays), style)
    print_diagnostics(warnings, document.sources, style, always=True)
    if strict and warnings:
        sys.exit(1)
    if style == "text":
        click.echo(f"{spec}: {counted(len(warnings), 'warning')}, no error", err=True)
