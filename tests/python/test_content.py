"""Content is made in one call, functions become tools, answers become objects."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from headgate_sdk import (
    ConfigurationError,
    ResponseDecodeError,
    content,
    output_text,
    parse_output,
    tool_definition,
)
from headgate_sdk.types import MessageResponse
from tests.python.samples import MESSAGE

PNG = b"\x89PNG\r\n\x1a\n and the rest"


def test_text_and_tool_results() -> None:
    """Constants are filled in, and what was not given is left out."""
    assert content.text("Hi") == {"type": "text", "text": "Hi"}
    assert content.tool_result("call_1", "42") == {
        "type": "tool_result",
        "tool_use_id": "call_1",
        "content": "42",
    }
    assert content.tool_result("call_1", is_error=True)["is_error"] is True


def test_a_medium_by_its_address() -> None:
    """An address is passed on as it is."""
    source = {"type": "url", "url": "https://example.com/a.png"}
    assert content.image("https://example.com/a.png") == {
        "type": "image",
        "source": source,
    }


@pytest.mark.parametrize("name", ["a.png", "a", "a.bin", "a.mp3"])
def test_a_medium_from_a_file(tmp_path: Path, name: str) -> None:
    """The suffix says the type if it is of the right kind, else the first bytes do."""
    path = tmp_path / name
    path.write_bytes(PNG)
    made = content.image(path)

    assert made["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(PNG).decode(),
    }


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypavif", "image/avif"),
    ],
)
def test_a_medium_from_bytes(start: bytes, media_type: str) -> None:
    """The first bytes tell the media type."""
    source = content.image(start)["source"]
    assert source["type"] == "base64"
    assert media_type == source["media_type"]


def test_a_given_media_type_counts() -> None:
    """What the caller says is not doubted."""
    made = content.audio(b"?", media_type="audio/x-own", transcript="Hello")
    assert made["source"]["media_type"] == "audio/x-own"
    assert made.get("transcript") == "Hello"


def test_an_unknown_medium_names_the_argument() -> None:
    """Bytes that show no type of the right kind raise and name `media_type`."""
    with pytest.raises(ConfigurationError, match="media_type"):
        content.audio(PNG)


def test_a_text_never_names_a_file() -> None:
    """A text that is no address raises and names `source`."""
    with pytest.raises(ConfigurationError, match="source"):
        content.image("/etc/hostname")


def weather(
    city: Annotated[str, Field(description="Where")],
    days: int = 1,
    unit: Literal["C", "F"] = "C",
) -> str:
    """Tell the weather.

    In words.
    """
    return f"{city} {days} {unit}"


def test_a_function_becomes_a_tool() -> None:
    """Name, docstring and signature of a function are the tool's."""
    assert tool_definition(weather) == {
        "type": "function",
        "name": "weather",
        "description": "Tell the weather.\n\nIn words.",
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["city"],
            "properties": {
                "city": {"type": "string", "description": "Where"},
                "days": {"type": "integer", "default": 1},
                "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
            },
        },
    }


class Place(BaseModel):
    """A place."""

    title: str


def test_models_and_odd_names_as_parameters() -> None:
    """A parameter may be a model, and be called what pydantic keeps for itself."""

    def move(schema: Place, model_config: list[int]) -> None: ...

    made = tool_definition(move)["input_schema"]
    assert list(made["properties"]) == ["schema", "model_config"]
    assert made["$defs"]["Place"]["properties"] == {"title": {"type": "string"}}
    assert tool_definition(lambda: None)["input_schema"]["properties"] == {}


def test_what_json_cannot_give_is_refused() -> None:
    """A parameter that takes any number of arguments raises by its name."""

    def many(*items: int) -> None: ...

    with pytest.raises(ConfigurationError, match="items"):
        tool_definition(many)


def answered(*texts: str) -> MessageResponse:
    """An answer of the given blocks of text."""
    blocks = [{"type": "text", "text": text} for text in texts]
    return MessageResponse.model_validate({**MESSAGE, "content": blocks})


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "\n```\n{}\n```\n"])
def test_an_answer_is_read_as_a_type(fence: str) -> None:
    """The text of all blocks is read as one JSON value, fenced or not."""
    text = fence.replace("{}", json.dumps({"title": "Rome"}))
    answer = answered(text[:9], text[9:])

    assert text == output_text(answer)
    assert Place(title="Rome") == parse_output(answer, Place)
    assert parse_output(answered("[1, 2]"), list[int]) == [1, 2]


@pytest.mark.parametrize("text", ["Rome", '{"title": 1}', "", '{"title": "R'])
def test_an_answer_of_another_type_raises(text: str) -> None:
    """What does not fit raises the SDK's own error with the text."""
    with pytest.raises(ResponseDecodeError) as raised:
        parse_output(answered(text), Place)

    assert text == raised.value.raw
