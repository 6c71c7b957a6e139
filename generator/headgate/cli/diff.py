"""`headgate diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from headgate.cli.reports import or_exit

if TYPE_CHECKING:
    from headgate.diff import Format, Level, Report

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--old-config", type=_FILE, help="Settings of OLD, like --config.")
@click.option(
    "--config",
    type=_FILE,
    help="Settings of NEW. [default: headgate.toml beside each document, if there]",
)
@click.option(
    "--old-overlay",
    "old_overlays",
    multiple=True,
    type=_FILE,
    help="An OpenAPI Overlay to apply to OLD, like --overlay.",
)
@click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=_FILE,
    help="An OpenAPI Overlay to apply to NEW first; may be repeated.",
)
@click.option(
    "--format",
    "style",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "markdown", "github"]),
    help="For people, for programs, for a pull request, for GitHub's CI.",
)
@click.option(
    "--fail-on",
    "limit",
    default="breaking",
    show_default=True,
    type=click.Choice(["breaking", "risky", "safe", "never"]),
    help="Exit 1 if there is a change of this level or a worse one.",
)
def diff(
    old: Path,
    new: Path,
    old_config: Path | None,
    config: Path | None,
    *,
    old_overlays: tuple[Path, ...],
    overlays: tuple[Path, ...],
    style: Format,
    limit: Literal[Level, "never"],
) -> None:
    """Say what changed from document OLD to NEW, and whom it breaks.

    Calls, types, bounds of values, errors and event streams are compared: what a
    client sends is judged the other way round than what it receives.
    `headgate explain CODE` says more about a change.
    """
    from headgate.diff import compare_documents, render
    from headgate.document import load_document

    def compared() -> Report:
        before = load_document(old, old_config, overlays=old_overlays)
        after = load_document(new, config, overlays=overlays)
        return compare_documents(before, after)

    report = or_exit(compared, "github" if style == "github" else "text")
    color = style == "text" and sys.stdout.isatty()
    click.echo(render(report, style, color=color), nl=False)
    if any(report.count(level) for level in _failing(limit)):
        sys.exit(1)


def _failing(limit: Literal[Level, "never"]) -> tuple[Level, ...]:
    from headgate.diff import LEVELS

    if limit == "never":
        return ()
    return LEVELS[: LEVELS.index(limit) + 1]
