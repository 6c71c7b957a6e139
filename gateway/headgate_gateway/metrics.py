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

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
