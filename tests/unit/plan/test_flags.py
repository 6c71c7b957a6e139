"""What a method sets by itself, so that it gets the answer that it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.pipeline import generate

SPEC = """\
openapi: 3.1.0
info: {title: Sounds, version: "1"}
paths:
  /sounds:
    post:
      operationId: sounds.write
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [file]
              properties:
                file: {type: string, contentMediaType: application/octet-stream}
                stream: {type: boolean, FLAG}
      responses:
        "200":
          description: Written down.
          content:
            application/json:
              schema: {type: object, properties: {text: {type: string}}}
            text/event-stream:
              schema: {type: object, properties: {text: {type: string}}}
"""


@pytest.mark.parametrize("flag", ["default: false", "const: true"])
def test_a_form_asks_for_its_stream(flag: str, tmp_path: Path) -> None:
    """As the other kinds of body do, in each language."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(SPEC.replace("FLAG", flag), "utf-8")
    made = generate(spec, ["python", "typescript", "rust"]).files

    sounds = dict.fromkeys(made, "")
    for language, files in made.items():
        for path, text in files.items():
            if Path(path).stem == "sounds" and "resources" in path:
                sounds[language] += text.decode()

    assert '"stream": True' in sounds["python"]
    assert "stream: true" in sounds["typescript"]
    assert "body.stream = Some(true);" in sounds["rust"]


MODE = """\
openapi: 3.1.0
info: {title: Pipes, version: "1"}
paths:
  /pipes:
    post:
      operationId: pipes.run
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [start, mode]
              properties:
                start: {type: string}
                mode: {type: string, enum: [streaming, blocking]}
      responses:
        "200":
          description: Run.
          content:
            application/json:
              schema: {type: object, properties: {text: {type: string}}}
            text/event-stream:
              schema: {type: object, properties: {text: {type: string}}}
"""


def test_nobody_gives_what_methods_set(tmp_path: Path) -> None:
    """A required mode is no argument in any language."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(MODE, "utf-8")
    made = generate(spec, ["python", "rust"]).files

    python = "".join(text.decode() for text in made["python"].values())
    rust = "".join(text.decode() for text in made["rust"].values())
    assert "mode: Required" not in python
    assert "pub fn new(start: impl Into<String>) -> Self" in rust


@pytest.mark.parametrize("kind", ["multipart/form-data", "x-www-form-urlencoded"])
def test_a_form_without_a_body_asks_too(kind: str, tmp_path: Path) -> None:
    """A mode is a field of its own in Rust, whatever the body holds, or without one."""
    media_type = kind if "/" in kind else f"application/{kind}"
    optional = MODE.replace("required: true", "required: false")
    spec = tmp_path / "openapi.yaml"
    spec.write_text(optional.replace("application/json", media_type, 1), "utf-8")
    files = generate(spec, ["rust"]).files["rust"]
    pipes = files["src/resources/pipes.rs"].decode()

    asked = {
        "multipart/form-data": 'form.text("mode", "{}", None);',
        "x-www-form-urlencoded": 'request.form_with(&body, &[], &[("mode", "{}")]);',
    }[kind]
    assert asked.format("streaming") in pipes
    assert asked.format("blocking") in pipes
