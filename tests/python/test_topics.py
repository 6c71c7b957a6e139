"""The types of one document stand in modules that need each other one way only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from headgate.pipeline import generate, write_packages

DOCUMENT = """
openapi: 3.1.0
info: {title: Topics, version: "1"}
paths:
  /cats: {get: {operationId: getCat, tags: [cats], responses: {"200": {
    description: ok, content: {application/json: {schema: {
      $ref: "#/components/schemas/Cat"}}}}}}}
  /dogs: {get: {operationId: getDog, tags: [dogs], responses: {"200": {
    description: ok, content: {application/json: {schema: {
      $ref: "#/components/schemas/Dog"}}}}}}}
components:
  schemas:
    Cat: {type: object, properties: {home: {$ref: "#/components/schemas/Home"}}}
    Dog:
      type: object
      properties:
        home: {$ref: "#/components/schemas/Home"}
        puppies: {type: array, items: {$ref: "#/components/schemas/Dog"}}
    Home: {type: object, properties: {near: {$ref: "#/components/schemas/Home"}}}
    Zoo: {type: object, properties: {cat: {$ref: "#/components/schemas/Cat"}}}
"""
ORDER = ["shared", "cats", "dogs", "other"]
"""No module imports one that is named after it."""


def written(folder: Path) -> Path:
    (folder / "spec.yaml").write_text(DOCUMENT)
    write_packages(generate(folder / "spec.yaml", ["python"]), folder)
    return folder / "python" / "src"


def test_a_type_stands_with_the_only_calls_that_need_it(tmp_path: Path) -> None:
    """What several need is shared; what none needs may need any other."""
    folder = written(tmp_path) / "topics_sdk" / "types"
    texts = {path.stem: path.read_text() for path in folder.glob("[a-z]*.py")}

    assert sorted(texts) == sorted(ORDER)
    homes = {"Cat": "cats", "Dog": "dogs", "Home": "shared", "Zoo": "other"}
    for name, home in homes.items():
        assert [each for each in ORDER if f"class {name}(" in texts[each]] == [home]
    assert "from .shared import Home" in texts["cats"]
    assert "from .cats import Cat" in texts["other"]
    assert "import Cat" not in texts["shared"] + texts["dogs"]


def test_only_the_modules_that_are_needed_are_imported(tmp_path: Path) -> None:
    """A type brings its own module and the shared one, not those of other calls."""
    program = (
        "import sys; from topics_sdk.types import Dog;"
        "Dog.model_validate({'home': {}});"
        "print(*sorted(each for each in sys.modules if '_sdk.types.' in each))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=written(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["topics_sdk.types.dogs", "topics_sdk.types.shared"]
