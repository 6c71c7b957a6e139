"""Writes the proposal: what holds anyway, to be changed; what was found, to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

from headgate.encoding.markup import toml_string
from headgate.init.findings import (
    GroupFinding,
    ListFinding,
    NameFinding,
    StreamFinding,
    groups_of,
    lists_of,
    names_of,
    streams_of,
)

Finding = TypeVar("Finding")

if TYPE_CHECKING:
    from headgate.document import Document
    from headgate.ir.api import Api, SecurityScheme

_MOST_LISTED: Final = 40

_PLACES: Final = {
    "bearer": "`Authorization: Bearer …`",
    "basic": "`Authorization: Basic …`",
    "oauth2": "`Authorization: Bearer …`",
    "openid": "`Authorization: Bearer …`",
    "mutual_tls": "the client's certificate",
}


def propose(document: Document, api: Api) -> str:
    """Write a `headgate.toml` that says what the defaults say, and why."""
    sections = (
        _package(document),
        _client(document, api),
        _packages(document),
        _streams(list(streams_of(document, api))),
        _lists(list(lists_of(document, api))),
        _names(list(names_of(api))),
        _groups(list(groups_of(api))),
    )
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in sections)


def _package(document: Document) -> Iterator[str]:
    config = document.config.package
    yield "# What the document cannot say: how the packages are named and behave."
    yield "# Every line is optional; those without # hold what would be assumed anyway."
    yield ""
    yield "[package]"
    yield f"version = {_text(config.version)}"
    yield f"description = {_text(config.description)}"
    if config.license is None:
        yield '# license = "Apache-2.0"  # the document names none'
    else:
        yield f"license = {_text(config.license)}"
    yield '# repository = "https://…"'
    yield '# authors = ["…"]'


def _client(document: Document, api: Api) -> Iterator[str]:
    config = document.config.client
    yield "[client]"
    yield f"name = {_text(config.name)}"
    yield f"environment_prefix = {_text(config.environment_prefix)}"
    if config.default_base_url is None:
        yield '# default_base_url = "https://…"  # the document names no full address'
    else:
        yield f"default_base_url = {_text(config.default_base_url)}"
    yield f"user_agent = {_text(config.user_agent)}"
    yield ""
    if not api.schemes:
        yield "# The document declares no credential."
        return
    yield "# Each credential and the client's option for it."
    yield "[client.credentials]"
    for scheme in api.schemes:
        yield f"{_text(scheme.name)} = {_text(scheme.option)}  # {_sent(scheme)}"


def _sent(scheme: SecurityScheme) -> str:
    if scheme.place is not None:
        name = _comment(scheme.parameter or "")
        place = "header" if scheme.place == "header" else f"{scheme.place} parameter"
        return f"goes into the {place} {name}"
    return f"goes into {_PLACES[scheme.kind]}"


def _packages(document: Document) -> Iterator[str]:
    config = document.config
    yield "[python]"
    yield f"distribution = {_text(config.python.distribution)}"
    yield f"module = {_text(config.python.module)}"
    yield ""
    yield "[typescript]"
    yield f"package = {_text(config.typescript.package)}"
    yield ""
    yield "[rust]"
    yield f"crate = {_text(config.rust.crate)}"


def _streams(found: list[StreamFinding]) -> Iterator[str]:
    yield "# Streams."
    if not found:
        yield "# None was found: no answer is an event stream, no body asks for one."
    for stream in _most(found):
        yield from _stream(stream)
    yield from _left(found)


def _stream(stream: StreamFinding) -> Iterator[str]:
    shown = _comment(stream.shown)
    if not stream.is_declared:
        yield f"# {shown}: suspected. The body has a boolean `stream`, but no answer"
        yield "# has a media type of a stream; add `text/event-stream` to them."
        return
    beside = "beside its plain answer" if stream.has_twin else "and nothing else"
    yield f"# {shown}: answers with a stream {beside}."
    if stream.sentinel:
        yield "# Its text speaks of [DONE]: declare `sentinel` in `x-streams`."
    if not stream.id:
        yield "# It has no operationId; give it one to set anything here."
    elif stream.mode is not None and stream.has_twin:
        asks, value = _text(stream.mode.property), _text(stream.mode.value)
        yield f"[streams.{_text(stream.id)}]"
        yield f"asked_by = {{ body = {asks}, value = {value} }}"
        yield ""


def _lists(found: list[ListFinding]) -> Iterator[str]:
    yield "# Lists that look as if they came in pages; nothing says how they continue."
    yield "# With such a setting the SDKs iterate over all of it."
    if not found:
        yield "# None was found."
    for each in _most(found):
        where = f"`{_comment(each.items)}`" if each.items else "the body itself"
        yield (
            f"# {_comment(each.shown)}: items in {where},"
            f" continues by the {each.kind} `{_comment(each.parameter)}`"
        )
        yield from _page(each)
    yield from _left(found)


def _page(each: ListFinding) -> Iterator[str]:
    """Write the setting that such a list needs, to be checked by a person."""
    if not each.id:
        return
    name = _text(each.parameter)
    ways = {
        "cursor": f'cursor = {{ parameter = {name}, from = "…" }}',
        "offset": f"offset = {{ parameter = {name} }}",
        "number": f"page = {{ parameter = {name} }}",
    }
    yield f"# [pagination.{_text(each.id)}]"
    if each.items:
        yield f"# items = {_text(each.items)}"
    yield f"# {ways[each.kind]}"


def _names(found: list[NameFinding]) -> Iterator[str]:
    yield "# Names: where an operation stands in the SDKs, what a schema is called."
    yield "# [names]"
    if not found:
        yield '# "operations.<operationId>" = "resource.method"'
        yield '# "schemas.<Name>" = "BetterName"'
    for each in _most(found):
        key, better = _text(f"operations.{each.id}"), _text(each.better)
        yield f"# {key} = {better}  # now {_comment(each.now)}"
    yield from _left(found)


def _groups(found: list[GroupFinding]) -> Iterator[str]:
    yield "# Groups: the resource that an operation stands in, its method unchanged."
    if not found:
        yield "# None is too large, and none looks like a part of another."
        return
    yield "# [groups]"
    for each in _most(found):
        key, better = _text(each.id), _text(each.better)
        yield f"# {key} = {better}  # now {_comment(each.now)}"
    yield from _left(found)


def _most(found: list[Finding]) -> list[Finding]:
    return found[:_MOST_LISTED]


def _left(found: list[Finding]) -> Iterable[str]:
    more = len(found) - _MOST_LISTED
    return [f"# … and {more} more."] if more > 0 else []


def _text(text: str) -> str:
    return toml_string(text).text


def _comment(text: str) -> str:
    """Write text of the document so that it stays within a comment."""
    return toml_string(" ".join(text.split())).text[1:-1]
