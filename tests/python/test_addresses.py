"""An address with parts of its own, and a user's name and password."""

from __future__ import annotations

import base64
import importlib
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from headgate.pipeline import generate, write_packages
from tests.python.raw_server import answer, raw_server

DOCUMENT = """
openapi: 3.1.0
info: {title: Addressed Places, version: "1"}
servers:
  - url: "http://127.0.0.1:{port}/{edition}"
    variables:
      port: {default: "1"}
      edition: {default: v1, enum: [v1, v2]}
paths:
  /things:
    get:
      operationId: listThings
      tags: [things]
      security: [{login: []}]
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {type: object}}}
components:
  securitySchemes:
    login: {type: http, scheme: basic}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package of the document."""
    folder = tmp_path_factory.mktemp("addresses")
    (folder / "spec.yaml").write_text(DOCUMENT)
    write_packages(generate(folder / "spec.yaml", ["python"]), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder / "python" / "src"), *sys.path])
        yield importlib.import_module("addressed_places_sdk")


def asked(package: Any, **options: Any) -> Any:
    """Give the request that a client sends to the port of a server."""
    with raw_server([answer(200, {})]) as server:
        port = str(urlsplit(server.url).port)
        parts = {"port": port, **options.pop("server", {})}
        with package.AddressedPlaces(server=parts, **options) as client:
            client.things.list()
    return server.requests[0]


def test_parts_of_the_address_are_set(package: Any) -> None:
    """A part that is left out has its default."""
    assert asked(package).target == "/v1/things"
    assert asked(package, server={"edition": "v2"}).target == "/v2/things"


def test_an_unknown_part_is_refused(package: Any) -> None:
    """Neither another part nor a value that its enum lacks is sent anywhere."""
    for parts in ({"region": "eu"}, {"edition": "v3"}):
        with pytest.raises(package.ConfigurationError):
            package.AddressedPlaces(server=parts)


def test_base_url_replaces_the_whole_address(package: Any) -> None:
    """An address of the caller's has no parts."""
    with raw_server([answer(200, {})]) as server:
        with package.AddressedPlaces(base_url=f"{server.url}/own") as client:
            client.things.list()
        assert server.requests[0].target == "/own/things"


@pytest.mark.parametrize("password", ["secret", ""])
def test_a_name_and_a_password_are_sent(package: Any, password: str) -> None:
    """They go as RFC 7617 says; an empty password is one too."""
    request = asked(package, username="me", password=password)
    pair = base64.b64encode(f"me:{password}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {pair}"


def test_the_environment_holds_them(
    package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not an argument is a variable, and an argument goes before it."""
    monkeypatch.setenv("ADDRESSED_PLACES_USERNAME", "me")
    monkeypatch.setenv("ADDRESSED_PLACES_PASSWORD", "secret")
    pair = base64.b64encode(b"me:other").decode()
    request = asked(package, password="other")
    assert request.headers["authorization"] == f"Basic {pair}"


def test_a_name_with_a_colon_is_refused(package: Any) -> None:
    """It could not be told from the password."""
    with pytest.raises(package.ConfigurationError):
        package.AddressedPlaces(username="a:b", password="secret")
