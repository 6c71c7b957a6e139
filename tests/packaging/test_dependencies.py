"""What the SDKs bring with them, as their manifests say it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

GENERATED = Path(__file__).resolve().parents[2] / "generated"


def manifest(path: str) -> dict[str, Any]:
    """A package's manifest."""
    text = (GENERATED / path).read_text("utf-8")
    return json.loads(text) if path.endswith(".json") else tomllib.loads(text)


def test_an_sdk_needs_few_packages() -> None:
    """Python an HTTP client and types, TypeScript none; Rust may leave its extras."""
    python = manifest("python/pyproject.toml")["project"]["dependencies"]
    typescript = manifest("typescript/package.json")
    rust = manifest("rust/Cargo.toml")
    always = {
        name
        for name, needed in rust["dependencies"].items()
        if not isinstance(needed, dict) or not needed.get("optional")
    }

    assert {re.split("[<>=]", each)[0] for each in python} == {
        "httpx2",
        "pydantic",
        "typing-extensions",
    }
    assert not typescript.get("dependencies")
    assert all(each["optional"] for each in typescript["peerDependenciesMeta"].values())
    assert typescript["peerDependenciesMeta"].keys() == (
        typescript["peerDependencies"].keys()
    )
    assert always == {
        *("bytes", "futures-core", "http", "http-body"),
        *("reqwest", "serde", "serde_json", "tokio"),
    }
    assert rust["features"]["default"] == ["rustls"]


def test_supported_versions_are_declared() -> None:
    """The oldest Python of the classifiers is the one that installers ask for."""
    project = manifest("python/pyproject.toml")["project"]
    versions = [
        tuple(map(int, named.groups()))
        for classifier in project["classifiers"]
        if (named := re.search(r":: (\d)\.(\d+)$", classifier))
    ]
    needed = project["requires-python"].removeprefix(">=").split(".")

    assert min(versions) == tuple(map(int, needed)) == (3, 11)
    assert manifest("typescript/package.json")["engines"] == {"node": ">=20"}
