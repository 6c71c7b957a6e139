"""`headgate.toml`: what it may say, and what follows from the title otherwise."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from headgate.document import Config, load_document
from headgate.document.config import title_words
from headgate.errors import SpecError
from tests.unit.document.folder import HEAD, load, write

SPEC = f"""\
{HEAD}
servers: [{{url: https://pets.example.com/v1}}]
paths: {{/walk: {{post: {{operationId: dogs.walk, responses: {{}}}}}}}}
components:
  securitySchemes: {{Door: {{type: http, scheme: bearer}}}}
  schemas: {{Dog: {{type: object}}}}
"""

FULL = """\
[package]
version = "2.0.0-rc.1"
description = "Pets, typed."
license = "MIT"
repository = "https://example.com/pets"
authors = ["Ann", "Bob"]

[client]
name = "Pets"
environment_prefix = "PETS"
default_base_url = "http://127.0.0.1:9"
user_agent = "pets"

[client.credentials]
Door = "door_key"

[client.headers]
visit = "X-Visit"

[client.header_maps.toys]
prefix = "X-Toy-"

[http]
request_id_header = "X-Id"
idempotency_header = "X-Once"
attempt_header = "X-Try"
sdk_header = "X-By"

[python]
distribution = "pets.client"
module = "pets_client"

[typescript]
package = "@pets/client"

[rust]
crate = "pets_client"

[names]
"schemas.Dog" = "Hound"
"operations.dogs.walk" = "hounds.walk"

[streams."dogs.walk"]
name = "barks"
"""


def plain(config: Config) -> dict[str, object]:
    """A configuration as dictionaries and lists, to compare with."""
    parts: dict[str, Any] = {
        "package": config.package,
        "http": config.http,
        "python": config.python,
        "typescript": config.typescript,
        "rust": config.rust,
    }
    client = {
        "name": config.client.name,
        "environment_prefix": config.client.environment_prefix,
        "default_base_url": config.client.default_base_url,
        "user_agent": config.client.user_agent,
        "headers": dict(config.client.headers),
        "header_maps": {k: v.prefix for k, v in config.client.header_maps.items()},
        "credentials": dict(config.client.credentials),
    }
    return {
        **{name: asdict(part) for name, part in parts.items()},
        "client": client,
        "names": dict(config.names),
        "streams": dict(config.streams),
    }


def test_a_title_is_enough(tmp_path: Path) -> None:
    """Every name derives from it, and the address from the first server."""
    config = load(tmp_path, {"openapi.yaml": SPEC}).config

    assert plain(config) == {
        "package": {
            "version": "0.1.0",
            "description": "Client for Pet Shop",
            "license": None,
            "repository": None,
            "authors": (),
        },
        "client": {
            "name": "PetShop",
            "environment_prefix": "PET_SHOP",
            "default_base_url": "https://pets.example.com/v1",
            "user_agent": "pet-shop-sdk",
            "headers": {},
            "header_maps": {},
            "credentials": {},
        },
        "http": {
            "request_id_header": "X-Request-ID",
            "idempotency_header": "Idempotency-Key",
            "attempt_header": None,
            "sdk_header": None,
        },
        "python": {"distribution": "pet-shop-sdk", "module": "pet_shop_sdk"},
        "typescript": {"package": "@pet-shop/sdk"},
        "rust": {"crate": "pet-shop-sdk"},
        "names": {},
        "streams": {},
    }


def test_every_setting_can_be_said(tmp_path: Path) -> None:
    """The file beside the document is read without being asked for."""
    files = {"openapi.yaml": SPEC, "headgate.toml": FULL}
    config = load(tmp_path, files).config

    assert plain(config) == {
        "package": {
            "version": "2.0.0-rc.1",
            "description": "Pets, typed.",
            "license": "MIT",
            "repository": "https://example.com/pets",
            "authors": ("Ann", "Bob"),
        },
        "client": {
            "name": "Pets",
            "environment_prefix": "PETS",
            "default_base_url": "http://127.0.0.1:9",
            "user_agent": "pets",
            "headers": {"visit": "X-Visit"},
            "header_maps": {"toys": "X-Toy-"},
            "credentials": {"Door": "door_key"},
        },
        "http": {
            "request_id_header": "X-Id",
            "idempotency_header": "X-Once",
            "attempt_header": "X-Try",
            "sdk_header": "X-By",
        },
        "python": {"distribution": "pets.client", "module": "pets_client"},
        "typescript": {"package": "@pets/client"},
        "rust": {"crate": "pets_client"},
        "names": {"schemas.Dog": "Hound", "operations.dogs.walk": "hounds.walk"},
        "streams": {"dogs.walk": {"name": "barks"}},
    }


def test_another_configuration_can_be_named(tmp_path: Path) -> None:
    """Then the one beside the document is not read."""
    spec = write(tmp_path, {"openapi.yaml": SPEC, "headgate.toml": "not toml"})
    other = write(tmp_path, {"other/pets.toml": '[rust]\ncrate = "other"\n'})

    assert load_document(spec, other).config.rust.crate == "other"


def test_a_named_configuration_has_to_exist(tmp_path: Path) -> None:
    """Going on with defaults would publish under a wrong name."""
    spec = write(tmp_path, {"openapi.yaml": SPEC})
    with pytest.raises(SpecError) as raised:
        load_document(spec, tmp_path / "nothing.toml")

    assert [it.code for it in raised.value.diagnostics] == ["missing-file"]


TITLES = {
    "Pet Shop API": ["pet", "shop"],
    "The OpenAPI Specification": ["client"],
    "": ["client"],
    "  \n": ["client"],
    "日本語": ["client"],
    "3D Printing": ["client", "3d", "printing"],
    "../../etc/passwd": ["etc", "passwd"],
    "a'; import os #": ["a", "import", "os"],
    "One Two Three Four Five": ["one", "two", "three"],
}


@pytest.mark.parametrize("title", TITLES)
def test_any_title_gives_a_name(title: str) -> None:
    """A title is prose from a stranger; a package name is letters and digits."""
    assert title_words(title) == TITLES[title]


HOSTILE = [
    "../x",
    "a b",
    "a\\nb",
    "'; drop",
    "",
    "x" * 300 + "/",
    "__import__('os')",
    "é",
]
NAMED = {
    "package": ("version", "repository"),
    "client": ("name", "environment_prefix", "default_base_url", "user_agent"),
    "http": ("request_id_header", "attempt_header"),
    "python": ("distribution", "module"),
    "typescript": ("package",),
    "rust": ("crate",),
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("table", NAMED)
def test_a_name_has_the_form_of_a_name(tmp_path: Path, table: str, value: str) -> None:
    """What ends up in identifiers, paths and headers is refused, not escaped."""
    lines = [f'{key} = "{value}"' for key in NAMED[table]]
    files = {
        "openapi.yaml": SPEC,
        "headgate.toml": "\n".join([f"[{table}]", *lines]),
    }
    with pytest.raises(SpecError) as raised:
        load(tmp_path, files)

    found = [(it.code, it.location.line) for it in raised.value.diagnostics]
    assert found == [("bad-config", line + 2) for line in range(len(lines))]
