"""What the gateway promises, and what it is meant to come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.budgets import Line
from benchmarks.gateway.measure import CLIENTS, Figures
from benchmarks.gateway.pair import LIMIT, Pair

_ITSELF = "itself"
_MEBI = 1024 * 1024


def budgets(found: Mapping[str, Figures]) -> Iterator[Line]:
    """The promises of one process, of those peers that were measured."""
    if "Headgate" not in found:
        return
    bare, ours = found["none"], found["Headgate"]
    if (peer := found.get("nginx")) is not None:
        yield _added(ours, peer)
        yield _rate(ours, peer, bound=0.15, aim=0.3)
    for name, bound, aim in (("LiteLLM", 50, 100), ("Portkey", 1, 12)):
        for peer_name, peer in found.items():
            if peer_name.startswith(name):
                yield _rate(ours, peer, bound=bound, aim=aim)
    yield _below("p99 ÷ p50 at 32", "", ours.p99 / ours.p50, bound=3, aim=2)
    yield from _of_streams(ours, bare, found.get("nginx"))
    yield _below("memory at rest", "MB", ours.idle / _MEBI, bound=90, aim=60)
    yield _below("memory at its most", "MB", ours.peak / _MEBI, bound=120, aim=80)
    yield _below("start to first answer", "s", ours.start, bound=1.5, aim=0.6)


def pair_budgets(two: Pair) -> Iterator[Line]:
    """The promises of two processes over one store."""
    capacity = 2 * two.one / two.cpu
    yield Line("two processes, by CPU", "", capacity, "least", 1.8, "one process", 1)
    yield Line(
        "CPU a request of two",
        "µs",
        1e6 * two.cpu,
        "within",
        1.2,
        "one process",
        1e6 * two.one,
    )
    beyond = abs(two.allowed - LIMIT)
    yield _below("requests beyond a limit, two processes", "", beyond, bound=0)


def _added(ours: Figures, peer: Figures) -> Line:
    added = [1e3 * each.added for each in (ours, peer)]
    return Line(
        "added p50, one client", "ms", added[0], "within", 5, peer.name, added[1], 3
    )


def _rate(ours: Figures, peer: Figures, *, bound: float, aim: float) -> Line:
    rates = ours.per_second, peer.per_second
    what = f"requests at {CLIENTS}"
    return Line(what, "/s", rates[0], "least", bound, peer.name, rates[1], aim)


def _of_streams(ours: Figures, bare: Figures, nginx: Figures | None) -> Iterator[Line]:
    if ours.streams is None or bare.streams is None:
        return
    events = ours.streams.events_per_second, bare.streams.events_per_second
    yield Line(
        "events, 50 streams", "/s", events[0], "least", 0.5, bare.name, events[1], 0.7
    )
    first = 1e3 * ours.streams.first_event
    peer = None if nginx is None else nginx.streams
    aim = None if peer is None else round(5e3 * peer.first_event, 1)
    yield _below("first event, 50 streams", "ms", first, bound=20, aim=aim)


def _below(
    what: str, unit: str, figure: float, *, bound: float, aim: float | None = None
) -> Line:
    return Line(what, unit, figure, "below", bound, _ITSELF, 1, aim)
