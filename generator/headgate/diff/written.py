"""A document as it is written, found by the places that the IR keeps.

What the IR leaves out because no SDK acts on it (bounds of values) is read here from
the bundle itself.
"""

from __future__ import annotations

from functools import cached_property

from headgate.document import Document
from headgate.document.json_values import (
    Json,
    JsonObject,
    Tokens,
    follow,
    fragment_tokens,
    tokens_of,
)
from headgate.errors import Location

_MOST_STEPS = 50
"""References that follow one another; a cycle of them leads nowhere."""


class Written:
    """The text of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    @cached_property
    def _places(self) -> dict[tuple[str, Tokens], Tokens]:
        """Where in the bundle a place of a file went."""
        return {
            (source.name, start): bundled
            for bundled, (source, start) in self._document.origins.items()
        }

    def tokens(self, location: Location) -> Tokens | None:
        """Find a place of a file in the bundle."""
        tokens = tokens_of(location.pointer)
        for length in range(len(tokens), -1, -1):
            start = self._places.get((location.file, tokens[:length]))
            if start is not None:
                return (*start, *tokens[length:])
        return None

    def at(self, location: Location) -> JsonObject:
        """Give the object that was written at a place; an empty one if none was."""
        tokens = self.tokens(location)
        if tokens is None:
            return {}
        return as_object(follow(self._document.root, tokens)[1])

    def schema(self, location: Location) -> JsonObject:
        """Give the schema at a place: what stands there, or what it is written in."""
        value = self.at(location)
        for media in as_object(value.get("content")).values():
            value = as_object(media)
            break
        return as_object(value.get("schema", value))

    def target(self, schema: JsonObject) -> tuple[str, JsonObject] | None:
        """Give the name and the text of the component that a schema refers to."""
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return None
        tokens = fragment_tokens(reference)
        found, value = follow(self._document.root, tokens)
        return (tokens[-1] if tokens else "", as_object(value)) if found else None

    def resolved(self, value: Json) -> JsonObject:
        """Follow references to the object that they mean."""
        found = as_object(value)
        for _ in range(_MOST_STEPS):
            target = self.target(found)
            if target is None:
                return found
            found = target[1]
        return {}


def as_object(value: Json) -> JsonObject:
    """Give an object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}
