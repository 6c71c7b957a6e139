# Fixed runtime of a generated SDK: the same source in every package.
"""What is sent, as bytes: JSON, forms, parts, files."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias, TypeGuard

from .errors import ConfigurationError
from .json_values import is_list, is_object, is_tuple
from .parameters import Style, query_text, text_of

BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "binary"]
FileContent: TypeAlias = bytes | PathLike[str] | BinaryIO
"""A file: its bytes, its path, or what is open for reading."""
NamedFile: TypeAlias = tuple[str, FileContent] | tuple[str, FileContent, str | None]
"""A file with its name, or with its name and its media type."""
FileInput: TypeAlias = FileContent | NamedFile
"""A file to send, with a name and a media type if they are not to be guessed."""

_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class PartShape:
    """How a field of a form is written where its value does not say so itself."""

    kind: Literal["file", "text", "json", "any"]
    many: bool = False
    content_type: str | None = None
    style: Style | None = None


class Part(NamedTuple):
    """A part of a multipart body."""

    name: str
    filename: str | None
    content_type: str | None
    content: bytes


def encode_body(
    kind: BodyKind,
    content_type: str,
    body: Any,
    parts: Mapping[str, PartShape],
) -> tuple[bytes | None, str | None]:
    """Give the body's bytes and its media type; None twice when there is none.

    A body that has no bytes of its kind raises `ConfigurationError`.
    """
    if body is None:
        return None, None
    try:
        return _encoded(kind, content_type, body, parts)
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"the body is no text: {error.reason}") from error


def _encoded(
    kind: BodyKind,
    content_type: str,
    body: Any,
    parts: Mapping[str, PartShape],
) -> tuple[bytes, str]:
    match kind:
        case "json":
            return encode_json(body), content_type
        case "form":
            return _form(body, parts), content_type
        case "multipart":
            return _multipart(body, parts, content_type)
        case "text":
            return str(body).encode(), content_type
        case "binary":
            return _whole_file(body, content_type)


def _whole_file(body: Any, content_type: str) -> tuple[bytes, str]:
    """Give a body that is a file; a media type that it names goes before the usual."""
    if not is_tuple(body):
        return read_file(body), content_type
    _, content, *rest = body
    own = rest[0] if rest else None
    return read_file(content), own or content_type


def encode_json(body: Any) -> bytes:
    """Write a body as compact JSON; received models go out as they came in."""
    try:
        text = json.dumps(
            body,
            default=_plain_value,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError("the body is not JSON") from error


def read_file(content: FileContent) -> bytes:
    """Give a file's bytes."""
    if isinstance(content, PathLike):
        return Path(content).read_bytes()
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    return content.read()


def _plain_value(value: Any) -> Any:
    from pydantic import BaseModel

    from .models import Unknown

    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        case Unknown():
            return value.raw
        case datetime() | date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return _plain_container(value)


def _plain_container(value: Any) -> Any:
    if is_object(value):
        return dict(value)
    if is_list(value):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _form(body: Mapping[str, Any], parts: Mapping[str, PartShape]) -> bytes:
    styles: dict[str, Style] = {}
    values: dict[str, Any] = {}
    for name, value in body.items():
        shape = parts.get(name)
        is_json = shape is not None and shape.kind == "json"
        values[name] = _json_fields(value) if is_json else value
        if shape is not None and shape.style is not None:
            styles[name] = shape.style
    return query_text(values, styles).encode()


def _json_fields(value: Any) -> Any:
    """Write what has parts as JSON, the items of a list each by itself."""
    if is_list(value):
        return [_json_field(item) for item in value]
    return _json_field(value)


def _json_field(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return encode_json(value).decode()


def _multipart(
    body: Mapping[str, Any], shapes: Mapping[str, PartShape], content_type: str
) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    pieces: list[bytes] = []
    for name, value in body.items():
        for part in _parts(name, value, shapes.get(name)):
            pieces.append(f"--{boundary}\r\n{_head(part)}\r\n\r\n".encode())
            pieces += [part.content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    media_type = content_type.partition(";")[0]
    return b"".join(pieces), f"{media_type}; boundary={boundary}"


def _head(part: Part) -> str:
    head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
    if part.filename is not None:
        head += f'; filename="{_quoted(part.filename)}"'
    if part.content_type is not None:
        head += f"\r\nContent-Type: {part.content_type}"
    return head


def _parts(name: str, value: Any, shape: PartShape | None) -> Iterator[Part]:
    if value is None:
        return
    may_be_many = shape is None or shape.many
    if may_be_many and is_list(value) and not _is_file(value):
        for item in value:
            yield _part(name, item, shape)
        return
    yield _part(name, value, shape)


def _part(name: str, value: Any, shape: PartShape | None) -> Part:
    told = shape.kind if shape is not None else "any"
    kind = _kind_of(value) if told == "any" else told
    stated = shape.content_type if shape is not None else None
    # What is stated of a part that may be a file is said of the file.
    content_type = stated if kind in (told, "file") else None
    match kind:
        case "file":
            return _file(name, value, content_type)
        case "text":
            return Part(name, None, content_type, text_of(value).encode())
        case "json":
            usual = content_type or "application/json"
            return Part(name, None, usual, encode_json(value))


def _kind_of(value: Any) -> Literal["file", "text", "json"]:
    if _is_file(value):
        return "file"
    return "json" if is_object(value) or is_list(value) else "text"


def _is_file(value: Any) -> bool:
    """Whether a value is a file and nothing else; one with its name is a tuple."""
    if is_tuple(value) and len(value) in (2, 3) and isinstance(value[0], str):
        value = value[1]
    is_bytes = isinstance(value, bytes | bytearray | memoryview)
    return is_bytes or isinstance(value, PathLike) or hasattr(value, "read")


def _file(name: str, value: Any, content_type: str | None) -> Part:
    """Make a file's part; what the caller says of it counts before what is guessed."""
    import mimetypes

    filename: str | None = None
    given: str | None = None
    if is_tuple(value):
        filename, value, *rest = value
        given = rest[0] if rest else None
    filename = filename or _filename(value, name)
    guessed = mimetypes.guess_type(filename)[0] or _BINARY
    content = value.encode() if isinstance(value, str) else read_file(value)
    return Part(name, filename, given or content_type or guessed, content)


def _filename(source: object, otherwise: str) -> str:
    """Give the name of a file that has one."""
    if _is_path(source):
        return Path(source).name
    held: object = getattr(source, "name", None)
    return Path(held).name if isinstance(held, str) else otherwise


def _is_path(value: object) -> TypeGuard[PathLike[str]]:
    return isinstance(value, PathLike)


def _quoted(text: str) -> str:
    """Escape a name inside a part's header (WHATWG, multipart/form-data)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
