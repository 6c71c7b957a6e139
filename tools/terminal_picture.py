"""Run commands in a real terminal and draw what they showed, as SVG.

    python tools/terminal_picture.py OUT.svg --title TITLE -- COMMAND [; COMMAND]...

The commands run one after the other in a shell of 96 columns; each is drawn behind
a prompt. The picture holds text and nothing from elsewhere: no font is fetched.
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS = 96
THEME = TerminalTheme(
    (15, 23, 32),
    (214, 222, 230),
    [
        (60, 70, 82),
        (240, 113, 120),
        (127, 200, 130),
        (230, 192, 106),
        (110, 170, 240),
        (200, 150, 230),
        (100, 200, 210),
        (214, 222, 230),
    ],
)
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def recorded(command: str) -> str:
    """Run a command in a terminal of its own and give what it wrote."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        ["/bin/bash", "-c", f"stty cols {COLUMNS}; {command}"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=os.environ | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(follower)
    output = b"".join(_chunks(leader)).decode()
    if process.wait() != 0:
        sys.stderr.write(output)
        sys.exit(f"{command!r} failed")
    return output.replace("\r\n", "\n")


def _chunks(leader: int) -> Iterator[bytes]:
    """Read until the last writer is gone, which Linux reports as an error."""
    while True:
        try:
            yield os.read(leader, 65536)
        except OSError:
            os.close(leader)
            return


def picture(commands: list[str], title: str) -> str:
    """Draw the commands and their output as one SVG."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    for command in commands:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(recorded(command).rstrip("\n")))
    console.print()  # the last line's descenders would be cut off without it
    svg = console.export_svg(title=title, theme=THEME)
    return _FONT_FACES.sub("", svg).replace("Fira Code", "ui-monospace, Menlo")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--title", default="")
    parser.add_argument("commands", nargs="+")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(picture(arguments.commands, arguments.title))


if __name__ == "__main__":
    main()
