"""`headgate faults`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
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
