"""`headgate generate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headgate.cli.options import CONFIG, FORMAT, OVERLAY, SPEC, STRICT, Format
from headgate.cli.reports import counted, or_exit, print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.output import Changes
    from headgate.pipeline import Generated
    from headgate.plan.package import Language


@click.command()
@SPEC
@click.option(
    "--out",
    default="generated",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that gets one folder a language.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(["python", "typescript", "rust"]),
    help="Generate only this language; may be repeated. [default: all three]",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 and list what differs."
)
@STRICT
@CONFIG
@OVERLAY
@FORMAT
def generate(
    spec: Path,
    out: Path,
    languages: tuple[Language, ...],
    config: Path | None,
    style: Format,
    *,
    overlays: tuple[Path, ...],
    check: bool,
    strict: bool,
) -> None:
    """Write the SDKs of a document.

    Nothing is written unless everything could be made. Files of an earlier run
    that are no longer needed are removed; files that are not ours stay.
    """
    from headgate.cli.progress import Progress
    from headgate.output import OutputError
    from headgate.pipeline import compare_packages, write_packages
    from headgate.pipeline import generate as run
    from headgate.plan.package import LANGUAGES

    def shown() -> Generated:
        with Progress() as progress:
            return run(
                spec,
                languages or LANGUAGES,
                config,
                progress.stage,
                overlays=overlays,
            )

    generated = or_exit(shown, style)
    print_diagnostics(generated.warnings, generated.sources, style)
    if strict and generated.warnings:
        warnings = counted(len(generated.warnings), "warning")
        click.echo(f"{warnings}; --strict: nothing was written", err=True)
        sys.exit(1)
    try:
        if check:
            _report_differences(compare_packages(generated, out), out)
        else:
            _report_written(write_packages(generated, out), generated.files, out)
    except OutputError as error:
        raise click.ClickException(str(error)) from None
    if generated.warnings and style == "text":
        click.echo(counted(len(generated.warnings), "warning"), err=True)


def _report_differences(changes: Mapping[Language, Changes], out: Path) -> None:
    lines = [
        f"{what}: {out / language / path}"
        for language, change in changes.items()
        for what, paths in (
            ("missing", change.missing),
            ("differs", change.different),
            ("stale", change.stale),
        )
        for path in paths
    ]
    for line in lines:
        click.echo(line)
    if lines:
        click.echo(f"{counted(len(lines), 'file')} not up to date", err=True)
        sys.exit(1)
    click.echo("up to date", err=True)


def _report_written(
    changes: Mapping[Language, Changes],
    files: Mapping[Language, Mapping[str, bytes]],
    out: Path,
) -> None:
    width = max(len(str(out / language)) for language in changes)
    for language, change in changes.items():
        touched = {*change.missing, *change.different}
        written = len(touched & files[language].keys())
        removed = f", {len(change.stale)} removed" if change.stale else ""
        total = counted(len(files[language]), "file")
        click.echo(
            f"{language:<10}  {out / language!s:<{width}}  {total},"
            f" {written} written{removed}"
        )
