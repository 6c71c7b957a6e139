"""Settings: where they come from, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import httpx2
import pytest

from headgate_gateway.settings import Settings, SettingsError, load_settings
from tests.gateway.client import ROOT


def test_each_source_overrides_the_one_before(tmp_path: Path):
    """Defaults, then the file, then the environment."""
    file = tmp_path / "gateway.toml"
    file.write_text('port = 9000\nping_interval = 3\nauth_mode = "optional"\n')
    environment = {
        "HEADGATE_GATEWAY_PORT": "9001",
        "HEADGATE_GATEWAY_METRICS": "off",
        "UNRELATED": "1",
    }
    settings = load_settings(file, environment)

    assert (settings.port, settings.ping_interval) == (9001, 3.0)
    assert (settings.auth_mode, settings.metrics) == ("optional", False)
    assert settings.max_body_bytes == Settings().max_body_bytes


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"HEADGATE_GATEWAY_PORT": "many"}, "port"),
        ({"HEADGATE_GATEWAY_PORT": "-1"}, "port"),
        ({"HEADGATE_GATEWAY_METRICS": "maybe"}, "metrics"),
        ({"HEADGATE_GATEWAY_AUTH_MODE": "open"}, "auth_mode"),
        ({"HEADGATE_GATEWAY_LOG_LEVEL": "loud"}, "log_level"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], named: str):
    """The error says which setting cannot be used."""
    with pytest.raises(SettingsError, match=named):
        load_settings(None, environment)


@pytest.mark.parametrize(
    ("content", "named"),
    [("colour = 1", "colour"), ("port = ", "gateway.toml"), ("[a]\nb = 1", "a")],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, named: str):
    """A setting that nobody knows is a mistake, not a wish."""
    file = tmp_path / "gateway.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=named):
        load_settings(file, {})


@pytest.mark.parametrize("mode", ["optional", "disabled"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_an_open_gateway_stays_on_loopback(mode: str, host: str):
    """Without required keys it does not start where others can reach it."""
    environment = {
        "HEADGATE_GATEWAY_AUTH_MODE": mode,
        "HEADGATE_GATEWAY_HOST": host,
    }
    with pytest.raises(SettingsError, match="loopback"):
        load_settings(None, environment)


def serve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headgate_gateway", "serve", *arguments],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_line_has_the_last_word_but_one(tmp_path: Path):
    """A host given on the command line is checked like any other."""
    file = tmp_path / "gateway.toml"
    file.write_text('auth_mode = "disabled"\n')
    done = serve(tmp_path, "--config", str(file), "--host", "0.0.0.0")

    assert done.returncode == 2
    assert "loopback" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql://h/d"])
def test_a_store_that_will_not_do_is_said_so(tmp_path: Path, url: str):
    """An unknown store, and PostgreSQL without a pepper, end with a sentence."""
    done = serve(tmp_path, "--database-url", url, "--port", "0")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("headgate-gateway: ")


def test_the_first_keys_are_printed_once(tmp_path: Path):
    """The first start makes two keys that work; the second prints none."""
    first, statuses = start(tmp_path)
    second, _ = start(tmp_path)

    pepper = tmp_path / "headgate.sqlite3.pepper"
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert statuses == [200, 200]
    assert set(second) == {"url"}
    assert pepper.stat().st_mode & 0o777 == 0o600
    assert first["admin_key"].encode() not in kept
    assert first["api_key"].encode() not in kept


def start(folder: Path) -> tuple[dict[str, str], list[int]]:
    """What a gateway says when it starts, and how it takes the keys it names."""
    command = [sys.executable, "-m", "headgate_gateway", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        key = f"Bearer {said.get('api_key')}"
        admin = said.get("admin_key", "")
        with httpx2.Client(base_url=said["url"]) as client:
            statuses = [
                client.get("/v1/models", headers={"Authorization": key}).status_code,
                client.get(
                    "/v1/admin/keys", headers={"X-Admin-Key": admin}
                ).status_code,
            ]
        process.terminate()
    return said, statuses


def test_the_readme_tells_of_every_setting():
    """The table of settings has them all, with their defaults."""
    readme = (ROOT / "gateway" / "README.md").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1:3] for line in readme.splitlines() if line.startswith("| `")
    ]
    told = {
        name.strip(" `"): default.strip(" `")
        for names, default in rows
        for name in names.split(",")
    }
    for item in fields(Settings):
        if item.default:
            assert told[item.name] == written(item.default)
        else:
            assert item.name in told


def written(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:.10g}" if isinstance(default, float) else str(default)
