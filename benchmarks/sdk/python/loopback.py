"""`python -m benchmarks.sdk.python.loopback CLIENT PORT`: CPU a streamed event.

The whole way: the SDK, its default transport, a socket. Only this process counts.
"""

from __future__ import annotations

import json
import sys

from benchmarks.sdk.python.clients import CLIENTS
from benchmarks.sdk.python.cpu import drain, microseconds
from benchmarks.sdk.wire import EVENTS

REPEATS = 5


def main() -> None:
    """Print the microseconds of each repeat as JSON."""
    name, port = sys.argv[1:]
    opened = CLIENTS[name](f"http://127.0.0.1:{port}/v1")
    drain(opened())
    times = [microseconds(lambda: drain(opened()), EVENTS) for _ in range(REPEATS)]
    print(json.dumps(times))


if __name__ == "__main__":
    main()
