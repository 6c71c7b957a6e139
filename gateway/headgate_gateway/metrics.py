"""What Prometheus can scrape."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_BOUNDS = Histogram.DEFAULT_BUCKETS
"""Seconds; the last one is infinite."""
_NAMES = [*map(str, _BOUNDS[:-1]), "+Inf"]


class Metrics:
    """One gateway's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = _Answers()
        self.registry.register(self._answers)
        self.open_streams = Gauge(
            "headgate_open_streams", "Event streams being sent.", registry=self.registry
        )
        self.live_runs = Gauge(
            "headgate_live_runs", "Runs being carried out.", registry=self.registry
        )

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._answers.add(operation, status, seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class _Answers(Collector):
    """Counts answers, and adds up to series only when these are asked for.

    The client's own counters take a lock for each of them.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._buckets: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._counts[operation, status] += 1
        self._seconds[operation] += seconds
        buckets = self._buckets.get(operation)
        if buckets is None:
            buckets = self._buckets[operation] = [0] * len(_BOUNDS)
        buckets[bisect_left(_BOUNDS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        requests = CounterMetricFamily(
            "headgate_requests", "Requests answered.", labels=["operation", "status"]
        )
        for (operation, status), count in self._counts.items():
            requests.add_metric([operation, str(status)], count)
        yield requests
        times = HistogramMetricFamily(
            "headgate_request_seconds",
            "Time to the end of the answer.",
            labels=["operation"],
        )
        for operation, buckets in self._buckets.items():
            named: list[tuple[str, float]] = []
            total = 0
            for name, count in zip(_NAMES, buckets, strict=True):
                total += count
                named.append((name, float(total)))
            times.add_metric([operation], named, self._seconds[operation])
        yield times
