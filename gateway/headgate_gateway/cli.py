"""The command line: ``headgate-gateway serve`` and what operators do beside it."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from headgate_gateway import __version__
from headgate_gateway.settings import Settings, SettingsError, check, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when it was stopped, 2 when settings or command make no sense."""
    options = _parser().parse_args(arguments)
    try:
        options.run(_settings(options))
    except SettingsError as error:
        sys.stderr.write(f"headgate-gateway: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headgate-gateway", description="The reference gateway of Headgate."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="answer requests until stopped")
    _add_store(serve)
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument(
        "--port", type=int, help="port to listen on; 0 takes a free one (default 8080)"
    )
    serve.set_defaults(run=_serve)
    rotate = commands.add_parser(
        "rotate-admin-key",
        help="print a new admin key; the stored one is good no more",
        description="Prints a new admin key, once. The stored one is good no more, "
        "also in gateways that run; the admin_key of the settings is.",
    )
    _add_store(rotate)
    rotate.set_defaults(run=_rotate_admin_key)
    return parser


def _add_store(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, metavar="FILE", help="a TOML file of settings"
    )
    command.add_argument(
        "--database-url", metavar="URL", help="sqlite:///FILE or postgresql://..."
    )


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    given = {
        name: getattr(options, name)
        for name in ("host", "port", "database_url")
        if getattr(options, name, None) is not None
    }
    settings = replace(settings, **given)
    check(settings)
    return settings


def _serve(settings: Settings) -> None:
    # What is loaded now stays: to search it for garbage takes a tenth of the start.
    gc.disable()
    # Here and not at the top, so that --help and a wrong setting answer at once.
    import uvloop

    from headgate_gateway.logs import configure_logs
    from headgate_gateway.server import serve

    configure_logs(settings.log_level)
    uvloop.run(serve(settings))


def _rotate_admin_key(settings: Settings) -> None:
    from headgate_gateway.admin_keys import rotate_admin_key
    from headgate_gateway.json import dump_text

    key = asyncio.run(rotate_admin_key(settings))
    if sys.stdout.isatty():
        sys.stdout.write(f"export HEADGATE_ADMIN_KEY={key}\n")
    else:
        sys.stdout.write(dump_text({"admin_key": key}) + "\n")
