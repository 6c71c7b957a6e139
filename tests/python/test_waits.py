"""A wait asks until something is decided; a server that waits is asked at once."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from headgate.pipeline import generate, write_packages
from tests.corpus import ROOT
from tests.python.raw_server import RawServer, answer, raw_server

SPEC = ROOT / "tests" / "golden" / "surface" / "spec.yaml"
ASKED = answer(200, {"id": "p1", "state": "asked"})
DENIED = answer(200, {"id": "p1", "state": "denied"})
GRANTED = answer(200, {"id": "p1", "state": "granted"})


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package of the golden case that declares a wait."""
    folder = tmp_path_factory.mktemp("surface")
    write_packages(generate(SPEC, ["python"]), folder)
    sys.path.insert(0, str(folder / "python" / "src"))
    try:
        yield importlib.import_module("surface_sdk")
    finally:
        sys.path.remove(str(folder / "python" / "src"))


@contextmanager
def asking(sdk: ModuleType, *answers: bytes) -> Iterator[tuple[Any, RawServer]]:
    """A client of a server that gives these answers, one a connection."""
    with (
        raw_server(*([each] for each in answers)) as server,
        sdk.Surface(base_url=server.url, api_key="none") as client,
    ):
        yield client, server


def targets(server) -> list[str]:
    return [each.target for each in server.requests]


def test_it_asks_until_it_is_decided(sdk: ModuleType) -> None:
    """Each time the server may wait as long as it can, and what it gave is given."""
    with asking(sdk, ASKED, GRANTED) as (client, server):
        permit = client.wait_for_permit("p1", timeout=300)

    assert permit.state == "granted"
    assert targets(server) == ["/permits/p1?wait=20"] * 2


def test_it_is_awaited_too(sdk: ModuleType) -> None:
    """The async client does the same without blocking."""

    async def run(url: str) -> str:
        async with sdk.AsyncSurface(base_url=url, api_key="none") as client:
            permit = await client.wait_for_permit("p1")
            return permit.state

    with raw_server([ASKED], [GRANTED]) as server:
        state = asyncio.run(run(server.url))

    assert state == "granted"
    assert targets(server) == ["/permits/p1?wait=20"] * 2


def test_the_server_waits_no_longer_than_the_caller(sdk: ModuleType) -> None:
    """What is left is asked for; when nothing is, that is a timeout, or its rule's."""
    with asking(sdk, ASKED, ASKED) as (client, server):
        with pytest.raises(sdk.APITimeoutError) as caught:
            client.wait_to_know("p1", timeout=0.4)
        with pytest.raises(sdk.PermitTimeoutError) as ruled:
            client.wait_for_permit("p1", timeout=0.4)

    assert caught.value.phase == "total"
    assert ruled.value.details == {"permit_id": "p1"}
    assert targets(server) == ["/permits/p1?wait=1"] * 2


def test_what_the_rule_raises_is_raised(sdk: ModuleType) -> None:
    """A wait without a rule gives it as it is."""
    with asking(sdk, DENIED, DENIED) as (client, _):
        with pytest.raises(sdk.PermitDeniedError) as caught:
            client.wait_for_permit("p1")
        permit = client.wait_to_know("p1")

    assert (caught.value.permit_id, permit.state) == ("p1", "denied")


def test_the_builder_of_any_document(sdk: ModuleType) -> None:
    """Turns are named by the document, and a property with a turn's name is a param."""
    with sdk.Surface(base_url="http://127.0.0.1:1", api_key="none") as client:
        talk = client.talks.builder("tea").ask("Milk?").reply("No.", 0).loud(value=True)

    assert talk.param("ask", "x").request() == {
        "subject": "tea",
        "lines": [
            {"kind": "Question", "text": "Milk?"},
            {"kind": "Reply", "text": "No.", "to": 0},
        ],
        "loud": True,
        "ask": "x",
    }


def test_the_scope_of_any_document(sdk: ModuleType) -> None:
    """Names of arguments that Python keeps for itself are given another."""
    with sdk.Surface(base_url="http://127.0.0.1:1", api_key="none") as client:
        guest = client.as_guest("Ann", visit="v1", pass_="open sesame")

    assert guest.scope == {"name": "Ann", "visit": "v1"}
