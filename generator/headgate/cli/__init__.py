"""The command line. Exit 0: fine; 1: the document or the output is wrong; 2: usage.

Everything heavy is imported inside the command that needs it, so that `--help`
answers at once.
"""

from __future__ import annotations

import os
import sys

import click

from headgate import __version__
from headgate.cli.bundle import bundle
from headgate.cli.check import check
from headgate.cli.diff import diff
from headgate.cli.explain import explain
from headgate.cli.faults import faults
from headgate.cli.generate import generate
from headgate.cli.init import init


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="headgate", message="%(prog)s %(version)s")
def main() -> None:
    """Turn one API document into Python, TypeScript and Rust SDKs that stream.

    \b
      headgate init openapi.yaml               propose a headgate.toml
      headgate check --spec openapi.yaml       what is wrong with the document
      headgate generate --spec openapi.yaml    write the SDKs below generated/
      headgate bundle --spec openapi.yaml      the document as one file
      headgate diff OLD NEW                    what a change breaks
      headgate explain CODE                    what a diagnostic means
      headgate faults                          break streams, to test a client

    Exit code 0: fine. 1: the document is wrong, or --check found differences.
    2: the command line is wrong.
    """  # noqa: D301  # click reads \b as "keep these lines"


for _command in (init, generate, check, bundle, diff, explain, faults):
    main.add_command(_command)


def run() -> None:
    """Be the process: as `main`, then leave without freeing what was made.

    A large document is some million objects; to free them takes as long as reading it.
    """
    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        if isinstance(ended.code, int):
            os._exit(ended.code)
        raise
