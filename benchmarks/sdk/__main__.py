"""`python -m benchmarks.sdk [--rounds N] [--write]`: prints a Markdown table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.budgets import Line
from benchmarks.environments import ROOT
from benchmarks.report import chart, table
from benchmarks.sdk.lines import python_lines, rust_lines, typescript_lines
from benchmarks.sdk.processes import generate_chat

DOCS = ROOT / "docs" / "benchmarks"

METHOD = """\
# What the SDKs cost

`make bench-sdk` measures this table and writes it. Each line is a promise: our figure
against a peer's from the same run, or against a number.

![How much of each budget is used up](sdk.svg)

{table}

## Method

- All SDKs stream the same bytes through their public clients: a stream in OpenAI's
  form, a stream in Anthropic's, 5,000 events of text each. Ours are generated: from
  this repository's specification, whose messages are Anthropic's events, and from a
  small document of OpenAI's chunks (`benchmarks/sdk/chat`).
- Times are CPU of the client's process, a streamed event or a call, so that a busy
  machine moves them little. Ours and the peers take turns; a figure is the median of
  the rounds' medians.
- Without a network the body lies in memory, in pieces of 16 KiB. Over loopback each
  event is an HTTP chunk of its own, and each SDK uses its default transport; a line
  says where it is our async client over aiohttp instead.
- A call is a request with a small JSON answer over an open connection; beside it stands
  the HTTP library alone, with the same bodies.
- Import and client: a new process that imports the client and makes one, less an
  interpreter that does nothing. The memory is the whole process's. Ours imports the
  HTTP library and the models at the first call, and pays for them then.
- Bundles: esbuild, minified, for browsers, gzip -9, of a program that only makes the
  client.
- Rust: frames, typed events and their fold, against serde_json alone reading plain
  structs from frames that are cut at the blank line.
- Every peer has an environment of its own with pinned versions, under a folder that Git
  ignores.
"""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sdk")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks")
    parser.add_argument(
        "--language", choices=("python", "typescript", "rust"), action="append"
    )
    arguments = parser.parse_args()
    generate_chat()
    languages = arguments.language or ("python", "typescript", "rust")
    lines: list[Line] = []
    if "python" in languages:
        lines += python_lines(arguments.rounds)
    if "typescript" in languages:
        lines += typescript_lines(arguments.rounds)
    if "rust" in languages:
        lines += rust_lines()
    print(table(lines))
    if arguments.write:
        write(lines)


def write(lines: Sequence[Line]) -> None:
    """Put the table and the chart where the documentation has them."""
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / "sdk.md").write_text(METHOD.format(table=table(lines)))
    (DOCS / "sdk.svg").write_text(chart(lines))


if __name__ == "__main__":
    main()
