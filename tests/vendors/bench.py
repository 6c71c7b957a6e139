"""A gateway whose providers are one loopback server, and scripts to ask it for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate_gateway.providers.manifest import load_manifests
from tests.gateway.client import Client
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import Gateway, running_gateway

SAID = [{"role": "user", "content": "Hello out there."}]


@dataclass
class Bench:
    """What a vendor's suite works with."""

    gateway: Gateway
    client: Client
    upstream: Upstream


@contextmanager
def running_bench(folder: Path) -> Iterator[Bench]:
    """A gateway that finds every provider at one loopback server."""
    with running_upstream() as upstream:
        urls = " ".join(f"{each.id}={upstream.url}" for each in load_manifests({}))
        settings = {"HEADGATE_GATEWAY_PROVIDER_URLS": urls}
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            yield Bench(gateway, client, upstream)
            client.close()


def script(*turns: dict[str, Any], **faults: Any) -> dict[str, Any]:
    """What makes the scripted model play these turns."""
    played: dict[str, Any] = {"turns": list(turns)}
    if faults:
        played["faults"] = faults
    return {"metadata": {"script": played}}
