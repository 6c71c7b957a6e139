"""`python -m benchmarks.gateway [--seconds N] [--write]`: prints Markdown tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from benchmarks.budgets import Line, number
from benchmarks.environments import ROOT
from benchmarks.gateway.gateways import (
    Running,
    headgate,
    litellm,
    nginx,
    port_of,
    portkey,
    provider,
)
from benchmarks.gateway.measure import CLIENTS, STREAMS, Figures, measure
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
- Added p50: one client over one open connection, less the same without a gateway.
- Requests: wrk with {clients} connections on one thread. CPU a request is that of the
  gateway's processes, user and system.
- Events: {streams} streams of 400 events at the same moment, each event a chunk of its
  own from the provider, read to the end by one process.
- Memory: resident at rest, and at its most in all of that. Start: from the command to
  the first answer.
- Everything shares one machine of two cores, so that figures of a run compare with each
  other and not with those of another machine.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every gateway and print the tables; 1 if a budget is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway")
    parser.add_argument("--seconds", type=int, default=8, help="how long wrk asks")
    parser.add_argument("--alone", type=int, default=1000, help="requests of a client")
    parser.add_argument("--only", action="append", help="leave other gateways out")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks")
    options = parser.parse_args(arguments)
    chosen = [each for each in PEERS if each.__name__ in (options.only or _NAMES)]
    found = _measured(chosen, seconds=options.seconds, alone=options.alone)
    lines = list(budgets({each.name: each for each in found}))
    page = METHOD.format(
        lines=table(lines), figures=_figures(found), clients=CLIENTS, streams=STREAMS
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
    found: list[Figures] = []
    with ExitStack() as stack:
        bare = stack.enter_context(provider())
        print("none", file=sys.stderr)
        found.append(measure(bare, seconds=seconds, alone=alone))
        for start in chosen:
            with start(port_of(bare)) as running:
                print(running.name, file=sys.stderr)
                found.append(measure(running, seconds=seconds, alone=alone))
    return found


def budgets(found: dict[str, Figures]) -> Sequence[Line]:
    """What the gateway promises, of those peers that were measured."""
    bare, ours = found["none"], found["Headgate"]
    lines: list[Line] = []
    if (peer := found.get("nginx")) is not None:
        added = [1e3 * (each.one_client - bare.one_client) for each in (ours, peer)]
        lines += [
            Line(
                "added p50, one client", "ms", added[0], "within", 5, "nginx", added[1]
            ),
            _rate(ours, peer, 0.15),
        ]
    for name, bound in (("LiteLLM 1.106.2", 50), ("Portkey 1.15.2", 1)):
        if name in found:
            lines.append(_rate(ours, found[name], bound))
    tail = ours.p99 / ours.p50
    lines.append(Line("p99 ÷ p50 at 32", "", tail, "below", 3, "itself", 1))
    if ours.streams is not None and bare.streams is not None:
        events = (ours.streams.events_per_second, bare.streams.events_per_second)
        first = 1e3 * ours.streams.first_event
        direct = 1e3 * bare.streams.first_event
        lines += [
            Line(
                "events, 50 streams", "/s", events[0], "least", 0.5, "none", events[1]
            ),
            Line("first event, 50 streams", "ms", first, "below", 20, "none", direct),
        ]
    mebi = 1024 * 1024
    lines += [
        Line("memory at rest", "MB", ours.idle / mebi, "below", 90, "itself", 1),
        Line("memory at its most", "MB", ours.peak / mebi, "below", 120, "itself", 1),
        Line("start to first answer", "s", ours.start, "below", 1.5, "itself", 1),
    ]
    return lines


def _rate(ours: Figures, peer: Figures, bound: float) -> Line:
    what = f"requests at {CLIENTS}"
    return Line(what, "/s", ours.per_second, "least", bound, peer.name, peer.per_second)


def _figures(found: Sequence[Figures]) -> str:
    """Everything that was measured, a row for each gateway."""
    bare = found[0]
    rows = [
        f"| | {' | '.join(_COLUMNS)} |",
        f"|---|{'---:|' * len(_COLUMNS)}",
    ]
    for each in found:
        streams = each.streams
        cells = (
            each.name,
            number(1e3 * (each.one_client - bare.one_client)),
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
