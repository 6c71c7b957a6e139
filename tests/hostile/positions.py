"""Every place of a document, and of what goes with it, where a stranger's text stands.

A position is a text that only documents, a value that a program compares or sends,
or a name that identifiers are made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "value", "name"]


@dataclass(frozen=True, slots=True)
class Position:
    """A place for a text."""

    label: str
    kind: Kind
    single: bool = False
    """It stands once in a document, so that each payload needs a document."""

    @property
    def printable(self) -> bool:
        """It takes printable ASCII only, so that all else would just be refused."""
        return self.label in _PRINTABLE

    @property
    def token(self) -> bool:
        """It takes a token of HTTP only, so that all else would just be left out."""
        return self.label == "header name"

    @property
    def crate(self) -> bool:
        """It names a crate, and so an identifier that a test of the crate holds."""
        return self.label == "crate"

    @property
    def kept(self) -> str:
        """The characters with a meaning of their own here, which the twin keeps."""
        return _KEPT.get(self.label, "")

    @property
    def stem(self) -> str:
        """What the mark of a text in this place begins with.

        Only a name's may appear in an identifier.
        """
        return "named" if self.kind == "name" else "tainted"


_KEPT: Final = {
    "operation id": ".",
    "dotted operation id": ".",
    "name override": ".",
    "encoding content type": "*,/",
    "server of an operation": "{}",
    "path literal": "/?#",
    "path parameter": "/?#",
}
_PRINTABLE: Final = frozenset(
    {"package repository", "default base url", "user agent", "header prefix"}
)


def _positions(kind: Kind, *labels: str, single: bool = False) -> list[Position]:
    return [Position(label, kind, single) for label in labels]


SINGLE: Final = (
    *_positions("name", "info title", single=True),
    *_positions(
        "text",
        "info version",
        "info description",
        "contact name",
        "licence name",
        "licence identifier",
        "terms of service",
        "tag description",
        "root external docs",
        "server description",
        "package description",
        "package author",
        "package licence",
        single=True,
    ),
    *_positions(
        "value",
        "server url",
        "server variable default",
        "server variable enum",
        "package version",
        "package repository",
        "user agent",
        "header prefix",
        "default base url",
        single=True,
    ),
    *_positions(
        "name",
        "server variable name",
        "python module",
        "python distribution",
        "npm package",
        "crate",
        "client name",
        "environment prefix",
        "settings for an unknown operation",
        "name override",
        single=True,
    ),
    *_positions("text", "spec file name", "output folder", single=True),
)

REPEATED: Final = (
    *_positions(
        "text",
        "summary",
        "operation description",
        "external docs",
        "parameter description",
        "body description",
        "response description",
        "link description",
        "webhook summary",
        "schema description",
        "property description",
        "example",
        "named example",
        "comment",
        "pattern",
        "format",
        "content media type",
        "content encoding",
        "extension value",
        "extension key",
        "schema id",
        "link key",
        "scheme description",
        "scope description",
        "oauth url",
        "scope",
        "encoding content type",
        "unknown field",
        "server of an operation",
        "pattern of a property",
    ),
    *_positions("value", "default", "status key", "sentinel"),
    *_positions(
        "name",
        "tag",
        "path literal",
        "path parameter",
        "operation id",
        "dotted operation id",
        "query name",
        "header name",
        "cookie name",
        "response header",
        "media type",
        "callback key",
        "callback expression",
        "webhook key",
        "encoding key",
        "multipart name",
        "schema key",
        "schema title",
        "property key",
        "required",
        "enum",
        "const",
        "discriminator",
        "discriminator value",
        "mapping key",
        "security scheme key",
        "api key name",
        "event type",
        "terminal event",
        "stream discriminator",
        "page field",
    ),
)
POSITIONS: Final = (*SINGLE, *REPEATED)
BY_LABEL: Final = {position.label: position for position in POSITIONS}

MAY_BE_REFUSED: Final = frozenset(
    {
        "path literal",
        "path parameter",
        *(each.label for each in SINGLE if each.label.startswith("package ")),
        *("python module", "python distribution", "npm package", "crate"),
        *("client name", "environment prefix", "user agent", "header prefix"),
        *("default base url", "settings for an unknown operation", "name override"),
    }
)
"""Where a text that cannot be what the position needs gets a diagnostic instead."""
