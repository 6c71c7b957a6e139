"""`headgate bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from headgate.cli.options import CONFIG, FORMAT, OVERLAY, SPEC, Format
from headgate.cli.reports import or_exit, print_diagnostics


@click.command()
@SPEC
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
@CONFIG
@OVERLAY
@FORMAT
def bundle(
    spec: Path,
    version: Literal["3.1", "3.2"],
    out: Path | None,
    config: Path | None,
    style: Format,
    *,
    overlays: tuple[Path, ...],
) -> None:
    """Write a document of many files as one JSON file that other tools read right."""
    import json

    from headgate.document import bundle as bundled
    from headgate.document import load_document

    document = or_exit(lambda: load_document(spec, config, overlays=overlays), style)
    print_diagnostics(document.warnings, document.sources, style)
    text = json.dumps(bundled(document, version), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")
