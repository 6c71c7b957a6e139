"""What a document shows or lets one guess of its streams, lists and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from headgate.document import Document
from headgate.document.checks.findings import Lookup, Operation, Part
from headgate.document.json_values import Json
from headgate.ir.api import Api
from headgate.ir.build.media import is_stream
from headgate.ir.operations import Operation as Call
from headgate.ir.operations import PathLiteral, PathVariable
from headgate.names import snake, split_words

_SENTINEL: Final = "[DONE]"
_CURSORS: Final = ("cursor", "after", "starting_after", "page_token", "since")
_OFFSETS: Final = ("offset", "skip", "start")
_NUMBERS: Final = ("page", "page_number", "pageNumber")
_LONGEST_METHOD: Final = 4
_CROWDED: Final = 20
_FEWEST: Final = 3
_SEVERAL: Final = 2
_VERBS: Final = {
    "GET": "get",
    "POST": "create",
    "PUT": "replace",
    "PATCH": "update",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Mode:
    """A property of a body with a value that asks for a stream."""

    property: str
    value: str


@dataclass(frozen=True, slots=True)
class StreamFinding:
    """An operation that streams, or might: `mode` asks for it, where one was found.

    `is_declared` False: the document names no media type of a stream, but the body
    has a property that asks for one.
    """

    id: str
    shown: str
    is_declared: bool
    has_twin: bool
    mode: Mode | None
    sentinel: bool


def streams_of(document: Document, api: Api) -> Iterator[StreamFinding]:
    """Find the operations that stream, and those that look as if they did."""
    lookup = Lookup(document.root)
    calls = {call.id: call for call in reversed(api.operations)}
    for operation in lookup.operations:
        name = operation.part.text("operationId") or ""
        if operation.path is None:
            continue
        properties = _body_properties(lookup, operation)
        declared = any(is_stream(kind) for kind in _answers(lookup, operation))
        asked = _asked_by_flag(properties)
        if not declared and not asked:
            continue
        call = calls.get(name)
        yield StreamFinding(
            id=name,
            shown=operation.shown,
            is_declared=declared,
            has_twin=call is not None and call.result is not None,
            mode=_mode(properties),
            sentinel=_SENTINEL in str(operation.part.value),
        )


def _answers(lookup: Lookup, operation: Operation) -> Iterator[str]:
    for status, given in operation.part.members("responses"):
        if status.startswith("2") or status == "default":
            yield from lookup.resolve(given).object("content").value


def _body_properties(lookup: Lookup, operation: Operation) -> dict[str, Part]:
    body = lookup.resolve(operation.part.object("requestBody"))
    schema = body.object("content", "application/json", "schema")
    return lookup.properties(schema) or {}


def _asked_by_flag(properties: dict[str, Part]) -> bool:
    stream = properties.get("stream")
    return stream is not None and "boolean" in str(stream.value.get("type"))


def _mode(properties: dict[str, Part]) -> Mode | None:
    """Find an enum one of whose values speaks of streaming."""
    for name, schema in properties.items():
        for value in schema.strings("enum"):
            if "stream" in value.lower() and len(schema.strings("enum")) > 1:
                return Mode(name, value)
    return None


@dataclass(frozen=True, slots=True)
class ListFinding:
    """An operation whose answer is a list that looks as if it came in pages."""

    id: str
    shown: str
    items: str
    parameter: str
    kind: str


def lists_of(document: Document, api: Api) -> Iterator[ListFinding]:
    """Find lists with a parameter that goes on, and no declaration that says so."""
    lookup = Lookup(document.root)
    paged = {call.id for call in api.operations if call.page is not None}
    for operation in lookup.operations:
        name = operation.part.text("operationId") or ""
        if operation.method != "get" or name in paged or operation.path is None:
            continue
        items = _items(lookup, operation)
        names = [it.text("name") or "" for it in lookup.parameters(operation)]
        found = _continuing(names)
        if items is not None and found is not None:
            yield ListFinding(name, operation.shown, items, *found)


def _continuing(names: list[str]) -> tuple[str, str] | None:
    known = (("cursor", _CURSORS), ("offset", _OFFSETS), ("number", _NUMBERS))
    for kind, wanted in known:
        for name in names:
            if name in wanted:
                return name, kind
    return None


def _items(lookup: Lookup, operation: Operation) -> str | None:
    """Give the property that holds the list; "" when the body is the list."""
    for status, given in operation.part.members("responses"):
        if not status.startswith("2"):
            continue
        response = lookup.resolve(given)
        schema = lookup.resolve(
            response.object("content", "application/json", "schema")
        )
        if _is_list(schema.value.get("type")):
            return ""
        for name, each in (lookup.properties(schema) or {}).items():
            if _is_list(lookup.resolve(each).value.get("type")):
                return name
    return None


def _is_list(kind: Json) -> bool:
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


@dataclass(frozen=True, slots=True)
class NameFinding:
    """A method whose name reads like a path, and a shorter place for it."""

    id: str
    now: str
    better: str


def names_of(api: Api) -> Iterator[NameFinding]:
    """Find methods with long names that a shorter one could stand for."""
    taken = {_place(call) for call in api.operations}
    for call in api.operations:
        words = split_words(call.method)
        versioned = any(word[:1] == "v" and word[1:].isdigit() for word in words)
        better = _better(call)
        if (len(words) > _LONGEST_METHOD or versioned) and better not in taken:
            taken.add(better)
            yield NameFinding(call.id, _place(call), better)


def _place(call: Call) -> str:
    return ".".join((*call.resource, call.method))


def _better(call: Call) -> str:
    """Name a call by its path: its fixed parts, then what is done there."""
    parts = [part for part in call.path if isinstance(part, PathLiteral)]
    path, _, action = "".join(part.text for part in parts).partition(":")
    words = [snake(split_words(piece)) for piece in path.split("/")]
    kept = [w for w in words if w and not (w[0] == "v" and w[1:].isdigit())]
    on_one = bool(call.path) and isinstance(call.path[-1], PathVariable)
    verb = _VERBS.get(call.verb, call.verb.lower())
    if call.verb == "GET" and not on_one and kept and kept[-1].endswith("s"):
        verb = "list"
    done = snake(split_words(action)) or verb
    return ".".join((*(kept[-2:] or call.resource), done))


@dataclass(frozen=True, slots=True)
class GroupFinding:
    """An operation that would stand better in another resource."""

    id: str
    now: str
    better: str


def groups_of(api: Api) -> Iterator[GroupFinding]:
    """Find resources that are one in fact, and such as are too large for one."""
    calls = list({call.location: call for call in reversed(api.operations)}.values())
    calls.reverse()
    families = _families(calls)
    parts = _parts(calls)
    for call in calls:
        now = ".".join(call.resource)
        better = families.get(now, now)
        part = parts.get((now, _part(call)))
        better = f"{better}.{part}" if part else better
        if better != now:
            yield GroupFinding(call.id, now, better)


def _families(calls: list[Call]) -> dict[str, str]:
    """Give resources that begin alike (`beta_runs`, `beta_files`) their parent."""
    names = dict.fromkeys(".".join(call.resource) for call in calls)
    first = Counter(name.split("_")[0] for name in names if "." not in name)
    return {
        name: name.replace("_", ".", 1)
        for name in names
        if "_" in name and "." not in name and first[name.split("_")[0]] >= _FEWEST
    }


def _parts(calls: list[Call]) -> dict[tuple[str, str], str]:
    """Give the parts of the resources that have very many operations."""
    sizes = Counter(".".join(call.resource) for call in calls)
    inside = Counter((".".join(call.resource), _part(call)) for call in calls)
    return {
        (name, part): part
        for (name, part), count in inside.items()
        if part and sizes[name] > _CROWDED and count >= _FEWEST
    }


def _part(call: Call) -> str:
    """Name what a call's path has behind the variables that its resource has."""
    texts = [part.text for part in call.path if isinstance(part, PathLiteral)]
    if len(texts) < _SEVERAL:
        return ""
    words = [snake(split_words(piece)) for piece in texts[1].split("/")]
    return next((word for word in words if word and not word[0].isdigit()), "")
