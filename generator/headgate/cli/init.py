"""`headgate init`."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.options import OVERLAY
from headgate.cli.reports import or_exit


@click.command()
@click.argument(
    "document",
    default="spec/openapi.yaml",
    type=click.Path(dir_okay=False, path_type=Path),
)
@click.option("--write", is_flag=True, help="Write headgate.toml beside the document.")
@OVERLAY
def init(document: Path, *, write: bool, overlays: tuple[Path, ...]) -> None:
    """Look at a DOCUMENT and propose its headgate.toml.

    Names of packages, credentials, streams that were found or are suspected, lists
    in pages, groups of operations: each with its reason. Printed, unless --write; a
    file that is there is never overwritten.
    """
    from headgate.document import load_document
    from headgate.document.config_file import config_name
    from headgate.init import propose
    from headgate.ir.build import build_api

    place = config_name(document)
    if write and place.exists():
        raise click.UsageError(f"{place} is there already; it is not overwritten")

    def proposed() -> str:
        loaded = load_document(document, overlays=overlays)
        return propose(loaded, build_api(loaded)[0])

    text = or_exit(proposed, "text")
    if not write:
        click.echo(text, nl=False)
        return
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{place}: {error.strerror}") from None
    click.echo(f"{place} written; next: headgate generate --spec {document}", err=True)
