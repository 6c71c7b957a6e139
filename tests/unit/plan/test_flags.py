"""What a method sets by itself, so that it gets the answer that it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES, Language

SPEC = """\
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
              required: [start]
              properties:
                start: {type: string}
                FLAG
      responses:
        "200":
          description: Run.
          content:
            application/json:
              schema: {type: object, properties: {text: {type: string}}}
            text/event-stream:
              schema: {type: object, properties: {text: {type: string}}}
"""
MODE = "mode: {type: string, enum: [streaming, blocking]}"
REQUIRED = ("required: [start]", "required: [start, mode]")
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"


def written(folder: Path, flag: str, *changes: tuple[str, str]) -> dict[Language, str]:
    """The methods and types that are made where this property asks for the stream."""
    text = SPEC.replace("FLAG", flag)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    spec = folder / "openapi.yaml"
    spec.write_text(text, "utf-8")
    return {
        language: "".join(
            content.decode()
            for path, content in files.items()
            if Path(path).stem == "pipes"
        )
        for language, files in generate(spec, LANGUAGES).files.items()
    }


@pytest.mark.parametrize("flag", ["default: false", "const: true"])
def test_a_form_asks_for_its_stream(flag: str, tmp_path: Path) -> None:
    """As the other kinds of body do, in each language."""
    stream = f"stream: {{type: boolean, {flag}}}"
    pipes = written(tmp_path, stream, ("application/json", PARTS))

    assert '"stream": True' in pipes["python"]
    assert "stream: true" in pipes["typescript"]
    assert 'form.text("stream", "true", None);' in pipes["rust"]


def test_nobody_gives_what_methods_set(tmp_path: Path) -> None:
    """A required mode is no argument in any language."""
    pipes = written(tmp_path, MODE, REQUIRED)

    assert "mode: Required" not in pipes["python"]
    assert "pub fn new(start: impl Into<String>) -> Self" in pipes["rust"]


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (PARTS, 'form.text("mode", "{}", None);'),
        (FORM, 'request.form_with(&body, &[], &[("mode", "{}")]);'),
    ],
)
def test_a_form_without_a_body_asks_too(kind: str, asked: str, tmp_path: Path) -> None:
    """A mode is a field of its own in Rust, whatever the body holds, or without one."""
    optional = ("required: true", "required: false")
    pipes = written(tmp_path, MODE, REQUIRED, optional, ("application/json", kind))

    assert asked.format("streaming") in pipes["rust"]
    assert asked.format("blocking") in pipes["rust"]


def test_a_form_of_nothing_else_takes_its_body(tmp_path: Path) -> None:
    """What is not sent is not left unused, which Rust would warn of."""
    alone = ("                start: {type: string}\n", "")
    closed = ("              required: [start]\n", "              ADDED: false\n")
    named = ("ADDED", "additionalProperties")
    pipes = written(tmp_path, MODE, alone, closed, named, ("application/json", PARTS))

    assert "        drop(body);" in pipes["rust"]
