"""An admin key that leaked or is lost is replaced, also under gateways that run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.gateway.client import Client
from tests.gateway_process import ADMIN_KEY, Gateway, running_gateway

URL = "HEADGATE_GATEWAY_DATABASE_URL"
NONE_CONFIGURED = {"HEADGATE_GATEWAY_ADMIN_KEY": "", "HEADGATE_GATEWAY_API_KEY": ""}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables of a command, and none of the caller's about Headgate."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADGATE_")
    }
    return {**inherited, **settings}


def rotated(settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What the command came to."""
    return subprocess.run(
        [sys.executable, "-m", "headgate_gateway", "rotate-admin-key"],
        env=environment(settings),
        check=False,
        capture_output=True,
        text=True,
    )


@contextmanager
def first_start(folder: Path, settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A gateway that starts for the first time, and what it prints."""
    command = [sys.executable, "-m", "headgate_gateway", "serve", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(timeout=30)


def whoami(url: str, key: str) -> httpx2.Response:
    """What a gateway says that this admin key is."""
    return httpx2.get(f"{url}/v1/admin/whoami", headers={"x-admin-key": key})


def status(url: str, key: str) -> int:
    """How a gateway answers this admin key."""
    return whoami(url, key).status_code


@pytest.fixture
def settings(tmp_path: Path, own_settings: dict[str, str]) -> dict[str, str]:
    """The settings of a gateway that has no keys but those that it makes."""
    store = {URL: f"sqlite:///{tmp_path / 'gateway.sqlite3'}"}
    return {**store, **NONE_CONFIGURED, **own_settings}


def test_a_new_key_takes_the_place_of_the_stored_one(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """The old one is 401 in a gateway that runs, soon; the new one is good."""
    with first_start(tmp_path, settings) as told:
        url, old = told["url"], told["admin_key"]
        before = status(url, old)
        made = rotated(settings)
        new = json.loads(made.stdout)["admin_key"]
        while (after := status(url, old)) == 200:
            time.sleep(0.02)
        is_good = status(url, new)

    assert (before, after, is_good) == (200, 401, 200)
    assert new != old
    assert (made.returncode, made.stderr) == (0, "")


def test_a_key_is_told_where_it_is_from(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Only one that the gateway made itself can be replaced by the command."""
    with first_start(tmp_path, settings) as told:
        made = whoami(told["url"], told["admin_key"]).json()
        no_admin = whoami(told["url"], told["api_key"])
    configured = {**settings, "HEADGATE_GATEWAY_ADMIN_KEY": ADMIN_KEY}
    with first_start(tmp_path, configured) as again:
        own = whoami(again["url"], ADMIN_KEY).json()
        stored = whoami(again["url"], told["admin_key"]).json()

    assert made == {
        "object": "admin_identity",
        "role": "admin",
        "scopes": ["*"],
        "source": "store",
    }
    assert no_admin.status_code == 403
    assert (own["source"], stored["source"]) == ("settings", "store")


def test_it_is_good_at_the_next_start_and_no_other_is_made(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """What was printed once is not printed again, and what is stored is no secret."""
    with first_start(tmp_path, settings) as told:
        old = told["admin_key"]
    new = json.loads(rotated(settings).stdout)["admin_key"]
    newest = json.loads(rotated(settings).stdout)["admin_key"]
    with first_start(tmp_path, settings) as again:
        answers = [status(again["url"], key) for key in (old, new, newest)]

    assert answers == [401, 401, 200]
    assert set(again) == {"url"}
    for file in tmp_path.glob("gateway.sqlite3*"):
        assert newest.encode() not in file.read_bytes()


def test_the_key_of_the_settings_stays_good(
    tmp_path: Path, own_settings: dict[str, str]
) -> None:
    """It is changed where it is set; a store without a key of its own says so."""
    store = {URL: f"sqlite:///{tmp_path / 'gateway.sqlite3'}", **own_settings}
    with running_gateway(tmp_path, store) as gateway:
        refused = rotated(store)
        client = Client(Gateway(gateway.url, gateway.api_key, ADMIN_KEY))
        answer = client.admin.get("/v1/admin/projects")
        client.close()

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no admin key is stored" in refused.stderr
    assert answer.status_code == 200


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    """A path that was mistyped is said, and leaves no file behind."""
    refused = rotated({URL: f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"})

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no store at" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("setting", ["port = many", "colour = 1"])
def test_a_wrong_setting_is_said(tmp_path: Path, setting: str) -> None:
    """As `serve` says it, and nothing is changed."""
    file = tmp_path / "gateway.toml"
    file.write_text(setting)
    command = [sys.executable, "-m", "headgate_gateway", "rotate-admin-key"]
    refused = subprocess.run(
        [*command, "--config", file],
        env=environment({}),
        check=False,
        capture_output=True,
        text=True,
    )

    assert refused.returncode == 2
    assert refused.stderr.startswith("headgate-gateway: ")
