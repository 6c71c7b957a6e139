"""Run as `python -m headgate`."""

from headgate.cli import run

run()
