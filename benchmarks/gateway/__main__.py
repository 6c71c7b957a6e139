"""`python -m benchmarks.gateway [--seconds N] [--write]`: prints Markdown tables."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from benchmarks.budgets import number
from benchmarks.environments import ROOT, python_name
from benchmarks.gateway.alone import added
from benchmarks.gateway.gateways import (
    Running,
    headgate,
    headgates,
    litellm,
    nginx,
    port_of,
    portkey,
    provider,
)
from benchmarks.gateway.lines import budgets, pair_budgets
from benchmarks.gateway.measure import CLIENTS, STREAMS, Figures, measure, middle
from benchmarks.gateway.pair import LIMIT, Pair, measure_pair
from benchmarks.report import chart, table

DOCS = ROOT / "docs" / "benchmarks"
PEERS: Sequence[Callable[[int], AbstractContextManager[Running]]] = (
    nginx,
    headgate,
    portkey,
    litellm,
)
_COLUMNS = (
    "added p50, ms",
    "requests/s",
    "p50, ms",
    "p99, ms",
    "CPU a request, µs",
    "events/s",
    "first event, ms",
    "memory, MB",
    "start, s",
)
METHOD = """\
# What the gateway costs

`make bench-gateway` measures this page and writes it. All gateways stand, one process
each, before the same provider, which answers at once; a line is a promise.

![How much of each budget is used up](gateway.svg)

{lines}

{figures}

## Method

- The provider speaks OpenAI's chat completions and runs in a process of its own. nginx
  passes bytes on and says what the network alone costs; *none* is the provider asked
  directly. Headgate checks a key, validates the request, translates both ways and
  records the usage; Portkey and LiteLLM run with their defaults and one model.
- Headgate and LiteLLM run on {python}.
- Each gateway is started and measured {rounds} times, in turn; figures are medians.
- Added p50: one client that asks all gateways and the provider itself in turn, a few
  requests at a time, over a connection to each. What the direct requests take is the
  same for all: asked beside one gateway only, it is up to twice what it is beside
  another, by where the scheduler puts the processes.
- Requests: wrk with {clients} connections on one thread. CPU a request is that of the
  gateway's processes, user and system.
- Events: {streams} streams of 400 events at the same moment, each event a chunk of its
  own from the provider, read to the end by one process.
- Memory: resident at rest, and at its most in all of that. Start: from the command to
  the first answer.
- Two processes: over one store, each asked over as many connections as one of them is
  in turn with both. What they would do on cores of their own is told by the CPU a
  request: load and provider run on the same cores here. For the limit, {beyond}
  requests go to both at once with a key that may make {limit}.
- Aims are what the promises are meant to become.
- Everything shares one machine of two cores, so that figures of a run compare with each
  other and not with those of another machine.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every gateway and print the tables; 1 if a budget is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway")
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken of")
    parser.add_argument("--seconds", type=int, default=4, help="how long wrk asks")
    parser.add_argument("--alone", type=int, default=1000, help="requests of a client")
    parser.add_argument("--only", action="append", help="leave other gateways out")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks")
    options = parser.parse_args(arguments)
    chosen = [each for each in PEERS if each.__name__ in (options.only or _NAMES)]
    rounds = [
        _measured(chosen, seconds=options.seconds, alone=options.alone)
        for _ in range(options.rounds)
    ]
    found = [middle(each) for each in zip(*rounds, strict=True)]
    lines = [*budgets({each.name: each for each in found})]
    if headgate in chosen:
        lines += pair_budgets(_pair(seconds=options.seconds))
    page = METHOD.format(
        rounds=options.rounds,
        lines=table(lines),
        python=python_name(),
        figures=_figures(found),
        clients=CLIENTS,
        streams=STREAMS,
        limit=LIMIT,
        beyond=2 * LIMIT,
    )
    print(page)
    if options.write:
        (DOCS / "gateway.md").write_text(page, "utf-8")
        (DOCS / "gateway.svg").write_text(chart(lines), "utf-8")
    return 0 if all(line.is_met for line in lines) else 1


_NAMES = tuple(each.__name__ for each in PEERS)


def _measured(
    chosen: Sequence[Callable[[int], AbstractContextManager[Running]]],
    *,
    seconds: int,
    alone: int,
) -> list[Figures]:
    """One round: all gateways side by side for a client that is alone, then each."""
    with provider() as bare:
        print("one client", file=sys.stderr)
        with ExitStack() as stack:
            all_of_them = [stack.enter_context(each(port_of(bare))) for each in chosen]
            by_name = asyncio.run(added(bare, all_of_them, count=alone))
        print(bare.name, file=sys.stderr)
        found = [measure(bare, seconds=seconds, added=by_name[bare.name])]
        for start in chosen:
            with start(port_of(bare)) as running:
                print(running.name, file=sys.stderr)
                by_gateway = by_name[running.name]
                found.append(measure(running, seconds=seconds, added=by_gateway))
    return found


def _pair(*, seconds: int) -> Pair:
    with provider() as bare, headgates(port_of(bare), count=2) as both:
        print("two of Headgate", file=sys.stderr)
        return measure_pair(both, seconds=seconds)


def _figures(found: Sequence[Figures]) -> str:
    """Everything that was measured, a row for each gateway."""
    rows = [
        f"| | {' | '.join(_COLUMNS)} |",
        f"|---|{'---:|' * len(_COLUMNS)}",
    ]
    for each in found:
        streams = each.streams
        cells = (
            each.name,
            number(1e3 * each.added),
            number(each.per_second),
            number(1e3 * each.p50),
            number(1e3 * each.p99),
            number(1e6 * each.cpu),
            number(streams.events_per_second) if streams else "no streams",
            number(1e3 * streams.first_event) if streams else "",
            f"{each.idle >> 20} → {each.peak >> 20}",
            number(each.start),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
