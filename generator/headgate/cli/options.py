"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

Format = Literal["text", "json", "github"]

SPEC = click.option(
    "--spec",
    default="spec/openapi.yaml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The OpenAPI document, 3.0 to 3.2, YAML or JSON; may refer to other files.",
)
CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings. [default: headgate.toml beside the document, if there]",
)
OVERLAY = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="An OpenAPI Overlay to apply to the document first; may be repeated.",
)
FORMAT = click.option(
    "--format",
    "style",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "github"]),
    help="How diagnostics are written: for people, for programs, for GitHub's CI.",
)
STRICT = click.option("--strict", is_flag=True, help="Count warnings as errors.")
