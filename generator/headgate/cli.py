"""The command line. Exit 0: fine; 1: the document or the output is wrong; 2: usage.

Everything heavy is imported inside the command that needs it, so that `--help`
answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from headgate import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from headgate.errors import Diagnostic
    from headgate.output import Changes
    from headgate.plan.package import Language

Format = Literal["text", "json", "github"]

_SPEC = click.option(
    "--spec",
    default="spec/openapi.yaml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The OpenAPI document, 3.0 to 3.2, YAML or JSON; may refer to other files.",
)
_CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings. [default: headgate.toml beside the document, if there]",
)
_FORMAT = click.option(
    "--format",
    "style",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "github"]),
    help="How diagnostics are written: for people, for programs, for GitHub's CI.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="headgate", message="%(prog)s %(version)s")
def main() -> None:
    """Turn one API document into Python, TypeScript and Rust SDKs that stream.

    \b
      headgate check --spec openapi.yaml       what is wrong with the document
      headgate generate --spec openapi.yaml    write the SDKs below generated/
      headgate bundle --spec openapi.yaml      the document as one file
      headgate faults                          break streams, to test a client

    Exit code 0: fine. 1: the document is wrong, or --check found differences.
    2: the command line is wrong.
    """  # noqa: D301  # click reads \b as "keep these lines"


@main.command()
@_SPEC
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
@_CONFIG
@_FORMAT
def generate(
    spec: Path,
    out: Path,
    languages: tuple[Language, ...],
    config: Path | None,
    style: Format,
    *,
    check: bool,
) -> None:
    """Write the SDKs of a document.

    Nothing is written unless everything could be made. Files of an earlier run
    that are no longer needed are removed; files that are not ours stay.
    """
    from headgate.output import OutputError
    from headgate.pipeline import compare_packages, write_packages
    from headgate.pipeline import generate as run
    from headgate.plan.package import LANGUAGES

    generated = _or_exit(lambda: run(spec, languages or LANGUAGES, config), style)
    _print(generated.warnings, generated.sources, style)
    try:
        if check:
            _report_differences(compare_packages(generated, out), out)
        else:
            _report_written(write_packages(generated, out), generated.files, out)
    except OutputError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@_SPEC
@_CONFIG
@_FORMAT
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def check(spec: Path, config: Path | None, style: Format, *, strict: bool) -> None:
    """Say everything that is wrong with a document, with the place of each."""
    from headgate.pipeline import check as run

    document, warnings = _or_exit(lambda: run(spec, config), style)
    _print(warnings, document.sources, style, always=True)
    if strict and warnings:
        sys.exit(1)
    if style == "text":
        click.echo(f"{spec}: {_counted(len(warnings), 'warning')}, no error", err=True)


@main.command()
@_SPEC
@click.option(
    "--openapi",
    "version",
    default="3.1",
    show_default=True,
    type=click.Choice(["3.1", "3.2"]),
    help="3.2 writes the type of a stream's items as `itemSchema`.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. [default: standard output]",
)
@_CONFIG
@_FORMAT
def bundle(
    spec: Path,
    version: Literal["3.1", "3.2"],
    out: Path | None,
    config: Path | None,
    style: Format,
) -> None:
    """Write a document of many files as one JSON file that other tools read right."""
    import json

    from headgate.document import bundle as bundled
    from headgate.document import load_document

    document = _or_exit(lambda: load_document(spec, config), style)
    _print(document.warnings, document.sources, style)
    text = json.dumps(bundled(document, version), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address.")
@click.option("--port", default=8099, show_default=True, help="0: any that is free.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other cases.")
@click.option("--case", "default", help="The case of requests that name none.")
@click.option(
    "--scenario",
    "named",
    multiple=True,
    help="Let numbers stand for this scenario only; may be repeated.",
)
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of event-stream bytes to serve instead of Headgate's own streams.",
)
@click.option("--list", "listed", is_flag=True, help="List the scenarios and stop.")
def faults(
    *,
    host: str,
    port: int,
    seed: int,
    named: tuple[str, ...],
    default: str | None,
    recording: Path | None,
    listed: bool,
) -> None:
    """Serve streams and break them on purpose.

    A request's header `X-Fault-Case` says how: a number, or the name of a scenario.
    The same number breaks the same way each time. docs/faults.md says more.
    """
    from headgate.faults.command import scenario_lines, serve, unknown_scenarios

    if listed:
        click.echo("\n".join(scenario_lines()))
        return
    unknown = unknown_scenarios(*named, *([default] if default else []))
    if unknown:
        raise click.UsageError(f"no scenario {unknown[0]!r}; see --list")
    serve(host, port, seed=seed, named=named, default=default, recording=recording)


def _or_exit(stage: Callable[[], Any], style: Format) -> Any:
    """Run a stage; print its diagnostics and leave with 1 if the document is wrong."""
    from headgate.errors import SpecError

    try:
        return stage()
    except SpecError as error:
        _print(error.diagnostics, error.sources, style, always=True)
        if style == "text":
            click.echo(_totals(error.diagnostics), err=True)
        sys.exit(1)


def _print(
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


def _totals(diagnostics: tuple[Diagnostic, ...]) -> str:
    errors = sum(1 for found in diagnostics if found.severity == "error")
    warnings = len(diagnostics) - errors
    also = f" and {_counted(warnings, 'warning')}" if warnings else ""
    return f"{_counted(errors, 'error')}{also}; nothing was written"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number or 'no'} {noun}s"


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
        click.echo(f"{_counted(len(lines), 'file')} not up to date", err=True)
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
        total = _counted(len(files[language]), "file")
        click.echo(
            f"{language:<10}  {out / language!s:<{width}}  {total},"
            f" {written} written{removed}"
        )
