"""Forms and multipart bodies carry texts, JSON and files, one part a field or item."""

from __future__ import annotations

from decimal import Decimal
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from headgate_sdk import ConfigurationError
from headgate_sdk._runtime.bodies import PartShape, encode_body
from headgate_sdk._runtime.parameters import Style

PNG = b"\x89PNG\r\n\x1a\n\r\n--"


def parts_of(body: Any, shapes: dict[str, PartShape]) -> list[tuple[Any, ...]]:
    """The parts of a body as another parser reads them."""
    content, media_type = encode_body("multipart", "multipart/form-data", body, shapes)
    assert content is not None
    head = f"Content-Type: {media_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + content)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type() if "content-type" in part else None,
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_a_file_in_every_form(tmp_path: Path) -> None:
    """A file is bytes, a path, something open, or any of them with its name."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    shape = {"file": PartShape("file")}
    raw = "application/octet-stream"

    assert parts_of({"file": PNG}, shape) == [("file", "file", raw, PNG)]
    assert parts_of({"file": path}, shape) == [("file", "a.png", "image/png", PNG)]
    assert parts_of({"file": BytesIO(PNG)}, shape) == [("file", "file", raw, PNG)]
    assert parts_of({"file": ("b.gif", PNG)}, shape) == [
        ("file", "b.gif", "image/gif", PNG)
    ]
    assert parts_of({"file": ("b", PNG, "image/x-own")}, shape) == [
        ("file", "b", "image/x-own", PNG)
    ]


def test_fields_of_every_kind() -> None:
    """Texts come plain, objects as JSON, each item of a list in a part of its own."""
    shapes = {
        "tags": PartShape("text", many=True),
        "meta": PartShape("json"),
        "xml": PartShape("text", content_type="application/xml"),
    }
    body = {
        "tags": ["a", "b"],
        "meta": {"é": [1]},
        "xml": "<a/>",
        "on": True,
        "no": None,
    }

    assert parts_of(body, shapes) == [
        ("tags", None, None, b"a"),
        ("tags", None, None, b"b"),
        ("meta", None, "application/json", '{"é":[1]}'.encode()),
        ("xml", None, "application/xml", b"<a/>"),
        ("on", None, None, b"true"),
    ]


def test_what_may_be_a_file_or_something_else(tmp_path: Path) -> None:
    """The value says which; a list of files is a part each, a named file is one."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    shapes = {"pages": PartShape("file", many=True), "cover": PartShape("any")}
    raw = "application/octet-stream"
    file = ("pages", "pages", raw, PNG)
    png = ("image/png", PNG)

    for alone in (PNG, bytearray(PNG), BytesIO(PNG)):
        assert parts_of({"pages": alone}, shapes) == [file]
    assert parts_of({"pages": path}, shapes) == [("pages", "a.png", *png)]
    assert parts_of({"pages": ("b.png", PNG)}, shapes) == [("pages", "b.png", *png)]
    for several in ([PNG, ("b.png", PNG)], (PNG, ("b.png", PNG))):
        assert parts_of({"pages": several}, shapes) == [file, ("pages", "b.png", *png)]
    assert parts_of({"cover": ("c.png", PNG)}, shapes) == [("cover", "c.png", *png)]
    assert parts_of({"cover": {"a": 1}}, shapes) == [
        ("cover", None, "application/json", b'{"a":1}')
    ]
    assert parts_of({"cover": 3}, shapes) == [("cover", None, None, b"3")]
    stated = {"cover": PartShape("any", content_type="image/webp")}
    assert parts_of({"cover": PNG}, stated) == [("cover", "cover", "image/webp", PNG)]
    assert parts_of({"cover": [3, {"a": 1}]}, {}) == [
        ("cover", None, None, b"3"),
        ("cover", None, "application/json", b'{"a":1}'),
    ]
    assert parts_of({"cover": 3}, stated) == [("cover", None, None, b"3")]


def test_names_do_not_leave_their_header() -> None:
    """Quotes and line ends in a name are escaped as browsers do."""
    content, _ = encode_body("multipart", "multipart/form-data", {'a"\r\nb': "c"}, {})
    assert content is not None
    assert b'name="a%22%0D%0Ab"' in content


def test_forms() -> None:
    """A form's fields are written by their styles, objects as JSON where it says so."""
    shapes = {
        "filter": PartShape("text", style=Style("deepObject")),
        "meta": PartShape("json"),
    }
    body = {"filter": {"a": 1}, "meta": {"b": 2}, "ids": [1, 2], "no": None}
    content, media_type = encode_body(
        "form", "application/x-www-form-urlencoded", body, shapes
    )

    assert content == b"filter%5Ba%5D=1&meta=%7B%22b%22%3A2%7D&ids=1&ids=2"
    assert media_type == "application/x-www-form-urlencoded"


def test_plain_bodies(tmp_path: Path) -> None:
    """A body may be a text, bytes or a file."""
    path = tmp_path / "a.bin"
    path.write_bytes(PNG)

    assert encode_body("text", "text/plain", "é", {}) == ("é".encode(), "text/plain")
    assert encode_body("binary", "image/png", path, {}) == (PNG, "image/png")
    named = ("a", PNG, "image/png")
    assert encode_body("binary", "application/octet-stream", named, {}) == (
        PNG,
        "image/png",
    )


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), object(), "\ud800", {("a",): 1}, LOOP],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_json_is_refused(value: Any) -> None:
    """A value that JSON does not have is the caller's mistake, and is not shown."""
    for body in ({"a": value}, [value]):
        with pytest.raises(ConfigurationError, match="the body is not JSON"):
            encode_body("json", "application/json", body, {})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text", "\ud800"),
        ("form", {"a": "\ud800"}),
        ("form", {"\ud800": "a"}),
        ("multipart", {"a": "\ud800"}),
        ("multipart", {"\ud800": "a"}),
        ("multipart", {"file": ("\ud800.txt", b"")}),
        ("multipart", {"a": {"b": float("nan")}}),
    ],
    ids=ascii,
)
def test_what_is_no_text_is_refused(kind: Any, body: Any) -> None:
    """Half a pair of surrogates has no bytes, whatever the kind of the body."""
    with pytest.raises(ConfigurationError):
        encode_body(kind, "text/plain", body, {"file": PartShape("file")})
