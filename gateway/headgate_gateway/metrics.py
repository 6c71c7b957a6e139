"""What Prometheus can scrape."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)


class Metrics:
    """One gateway's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "headgate_requests",
            "Requests answered.",
            ["operation", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "headgate_request_seconds",
            "Time to the end of the answer.",
            ["operation"],
            registry=self.registry,
        )
        self.open_streams = Gauge(
            "headgate_open_streams", "Event streams being sent.", registry=self.registry
        )
        self.live_runs = Gauge(
            "headgate_live_runs", "Runs being carried out.", registry=self.registry
        )

        self._of_requests: dict[tuple[str, int], Counter] = {}
        self._of_seconds: dict[str, Histogram] = {}

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer; the series of a label are looked up once."""
        counter = self._of_requests.get((operation, status))
        if counter is None:
            counter = self.requests.labels(operation, str(status))
            self._of_requests[operation, status] = counter
        counter.inc()
        histogram = self._of_seconds.get(operation)
        if histogram is None:
            histogram = self._of_seconds[operation] = self.seconds.labels(operation)
        histogram.observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
