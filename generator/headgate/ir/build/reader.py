"""Reading the bundled document: resolving references and collecting diagnostics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from headgate.document.json_values import escape, follow, fragment_tokens, pointer
from headgate.errors import Diagnostic
from headgate.ir.build.html import from_html
from headgate.ir.types import Docs

if TYPE_CHECKING:
    from headgate.document import Document
    from headgate.document.json_values import Json as JsonValue
    from headgate.errors import Location

Object = dict[str, Any]

COMPONENT = "#/components/schemas/"
_BRANCHES = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object of the document and where it stands."""

    value: Object
    pointer: str

    def child(self, *keys: str | int) -> str:
        """Give the pointer of something below."""
        return "/".join((self.pointer, *(escape(str(key)) for key in keys)))

    def objects(self, key: str) -> list[tuple[str, Node]]:
        """Give the members of the map at `key` that are objects, in order."""
        return [
            (name, Node(value, self.child(key, name)))
            for name, value in as_object(self.value.get(key)).items()
            if is_object(value)
        ]

    def schemas(self, key: str) -> list[tuple[str, Node]]:
        """Give the members of the map of schemas at `key`; `true` allows anything."""
        return [
            (name, Node({} if value is True else value, self.child(key, name)))
            for name, value in as_object(self.value.get(key)).items()
            if value is True or is_object(value)
        ]

    def at(self, key: str) -> list[Node]:
        """Give the object at `key`, if one is there."""
        value = self.value.get(key)
        return [Node(value, self.child(key))] if is_object(value) else []

    def branches(self) -> list[Node]:
        """Give the schemas that this one is put together from, or is one of."""
        return [each for key in _BRANCHES for each in self.items(key)]

    def items(self, key: str) -> list[Node]:
        """Give the items of the list at `key` that are objects, in order."""
        return [
            Node(value, self.child(key, index))
            for index, value in enumerate(as_list(self.value.get(key)))
            if is_object(value)
        ]


@dataclass(slots=True)
class Reader:
    """The document under reading and what was found wrong with it."""

    document: Document
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    @property
    def root(self) -> Node:
        """The document's root."""
        return Node(self.document.root, "#")

    def locate(self, pointer: str) -> Location:
        """Find the place in the file as its author wrote it."""
        return self.document.locate(pointer)

    def report(
        self,
        code: str,
        message: str,
        pointer: str,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Note a problem; reading goes on."""
        problem = Diagnostic(severity, code, message, self.locate(pointer))
        # What several refer to is read for each of them.
        if problem not in self.problems:
            self.problems.append(problem)

    def resolve(self, node: Node) -> Node:
        """Follow `$ref`s until an object that is none; the loader has checked them."""
        seen: set[str] = set()
        while isinstance(target := node.value.get("$ref"), str) and target not in seen:
            seen.add(target)
            found = self.at(target)
            if found is None:
                return Node({}, node.pointer)
            node = found
        return node

    def example(self, node: Node) -> JsonValue:
        """Give the first example of a parameter or content, or of its schema."""
        schema = self.resolve(Node(as_object(node.value.get("schema")), node.pointer))
        named = [
            self.resolve(each).value.get("value")
            for _, each in node.objects("examples")
        ]
        stated = [
            node.value.get("example"),
            *named,
            schema.value.get("example"),
            *as_list(schema.value.get("examples")),
        ]
        return next((each for each in stated if each is not None), None)

    def at(self, reference: str) -> Node | None:
        """Give the object of the bundle that a reference leads to."""
        tokens = fragment_tokens(reference)
        there, value = follow(self.document.root, tokens)
        return Node(value, pointer(tokens)) if there and is_object(value) else None


def docs_of(value: Object) -> Docs:
    """Take the description (or the title, or the summary) and the deprecation."""
    for key in ("description", "summary", "title"):
        text = value.get(key)
        if isinstance(text, str) and text.strip():
            plain = from_html(text) if "</" in text else text
            return Docs(plain.strip(), value.get("deprecated") is True)
    return Docs("", value.get("deprecated") is True)


def is_object(value: object) -> TypeGuard[Object]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def as_object(value: object) -> Object:
    """Take an object for what it is and anything else for an empty one."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """Take a list for what it is and anything else for an empty one."""
    return value if is_list(value) else []


def text_at(value: Object, key: str) -> str | None:
    """Take the text at a key, if it is text and not empty."""
    text = value.get(key)
    return text if isinstance(text, str) and text else None
