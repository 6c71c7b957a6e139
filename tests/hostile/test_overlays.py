"""An Overlay is untrusted like the document that it changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.diagnostics import render
from headgate.errors import SpecError
from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES
from tests.fuzz.campaign import CONTROL
from tests.hostile.payloads import PAYLOADS
from tests.hostile.test_limits import codes, document

TEXTS = [payload.hostile("overlay") for payload in PAYLOADS]


def overlay(*actions: Any) -> str:
    """An Overlay of these actions."""
    info = {"title": "Changes", "version": "1"}
    return json.dumps({"overlay": "1.1.0", "info": info, "actions": actions})


def written(folder: Path, root: Any, change: str) -> Path:
    """A document with an Overlay that its settings name."""
    folder.mkdir()
    spec = folder / "spec.json"
    spec.write_text(json.dumps(root), "utf-8")
    (folder / "overlay.json").write_text(change, "utf-8")
    (folder / "headgate.toml").write_text('overlays = ["overlay.json"]\n', "utf-8")
    return spec


def things(description: dict[str, str]) -> dict[str, Any]:
    """A document with a schema for each text, described by it or not yet."""
    schemas = {
        f"Thing{number}": {
            "type": "object",
            "properties": {"field": {"type": "string"}},
            **({"description": text} if (text := description.get(str(number))) else {}),
        }
        for number in range(len(TEXTS))
    }
    return document(components={"schemas": schemas})


def test_what_an_overlay_brings_is_encoded_like_the_rest(tmp_path: Path) -> None:
    """The packages are those of a document that says the same, byte for byte."""
    said = {str(number): text for number, text in enumerate(TEXTS)}
    actions = [
        {
            "target": f"$.components.schemas.Thing{number}",
            "update": {"description": text},
        }
        for number, text in said.items()
    ]
    changed = written(tmp_path / "changed", things({}), overlay(*actions))
    whole = written(tmp_path / "whole", things(said), overlay())

    assert generate(changed, LANGUAGES).files == generate(whole, LANGUAGES).files


def test_a_hostile_target_is_a_diagnostic(tmp_path: Path) -> None:
    """Whatever a target says, it is refused at its place, in printable text."""
    change = overlay(*({"target": text, "remove": True} for text in TEXTS))
    spec = written(tmp_path / "api", things({}), change)
    with pytest.raises(SpecError) as raised:
        generate(spec, LANGUAGES)
    found = [each for each in raised.value.diagnostics if "overlay" in each.code]

    assert found
    assert all(each.location.file.endswith("overlay.json") for each in found)
    assert not CONTROL.search(render(found, "text"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('{"overlay": "1.0.0", "actions": ' + "[" * 300 + "]" * 300 + "}", "too-deep"),
        ('{"overlay": "1.0.0", "overlay": "1.0.0"}', "duplicate-key"),
        ('{"overlay": "\ufeff1.0.0"}', "bad-overlay"),
        (overlay({"target": "$", "remove": True}), "bad-overlay"),
        (overlay({"target": "$[" + "(" * 5000, "remove": True}), "overlay-target"),
    ],
)
def test_overlays_beyond_limits_are_answered(
    tmp_path: Path, change: str, code: str | None
) -> None:
    """Depth, repetition and nonsense are diagnostics, and take no time."""
    spec = written(tmp_path / "api", things({}), change)

    if code is None:
        with pytest.raises(SpecError):
            generate(spec, LANGUAGES)
    else:
        assert code in codes(spec)


def test_an_overlay_cannot_unfold_a_document(tmp_path: Path) -> None:
    """What doubles with each action is refused before it fills the memory."""
    inside = "$.components.schemas.Thing0.properties"
    empty = {"type": "object", "properties": {}}
    doubling = [
        {"target": inside, "update": {f"copy{number}": empty}} for number in range(40)
    ]
    copies = [
        {
            "target": f"{inside}.copy{number}.properties",
            "copy": "$.components.schemas",
        }
        for number in range(40)
    ]
    spec = written(tmp_path / "api", things({}), overlay(*doubling, *copies))

    assert codes(spec) & {"too-large", "too-deep"}
