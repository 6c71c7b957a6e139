"""Reads YAML 1.2 as JSON values with the place of each."""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from headgate.document.json_values import Json
from headgate.document.scalars import NotJsonError, plain
from headgate.document.source import Marks
from headgate.document.tree import Fault, Frame, Scalar, TreeBuilder, UnreadableError

_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_TAG + name for name in ("null", "bool", "int", "float"))


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Json
    marks: Marks | int
    nodes: int


class YamlReader:
    """Walks the parser's events once; aliases share the value they stand for."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self._anchored: dict[str, _Anchored] = {}
        self._open_anchors: list[str | None] = []
        self._heights: dict[int, int] = {}

    def read(self, text: str) -> TreeBuilder:
        """Read the one document of a text; `UnreadableError` when there is none."""
        try:
            self._walk(CParser(text))
        except yaml.MarkedYAMLError as error:
            raise UnreadableError(_syntax_fault(error), self.tree.faults) from error
        except yaml.reader.ReaderError as error:
            offset = _character_offset(text, error.position)
            message = f"the character U+{error.character:04X} is not allowed in YAML"
            fault = Fault("yaml-syntax", message, offset)
            raise UnreadableError(fault, self.tree.faults) from error
        return self.tree

    def _walk(self, parser: CParser) -> None:
        documents = 0
        while (event := parser.get_event()) is not None:
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, MappingStartEvent):
                self._open({}, event)
            elif isinstance(event, SequenceStartEvent):
                self._open([], event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close()
            elif isinstance(event, AliasEvent):
                self._alias(event)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse_second(event)
        if not documents:
            self.tree.stop("empty-document", "the file is empty", 0)

    def _scalar(self, event: ScalarEvent) -> None:
        tree = self.tree
        offset = _start(event)
        if tree.wants_key:
            # A key is always text: `200:` names the status "200", `no:` a "no".
            if event.value == "<<" and event.implicit[0]:
                tree.stack[-1].merges = True
            tree.key(event.value, offset)
            return
        nodes = tree.nodes
        value = self._value(event, offset)
        tree.scalar(value, offset)
        if event.anchor:
            self._anchored[event.anchor] = _Anchored(value, offset, tree.nodes - nodes)

    def _value(self, event: ScalarEvent, offset: int) -> Scalar:
        tag = event.tag
        if tag is None or tag == "!":
            read_plain = tag is None and event.implicit[0]
        elif tag in _SCALAR_TAGS:
            read_plain = True
        else:
            read_plain = False
            if tag != _TAG + "str":
                self._refuse_tag(tag, offset)
        if not read_plain:
            return event.value
        try:
            return plain(event.value)
        except NotJsonError as error:
            self.tree.fault("not-json", str(error), offset)
            return None

    def _open(
        self,
        value: dict[str, Json] | list[Json],
        event: MappingStartEvent | SequenceStartEvent,
    ) -> None:
        offset = _start(event)
        if self.tree.wants_key:
            self._refuse_key(offset)
        if event.tag not in (None, "!", _TAG + "map", _TAG + "seq"):
            self._refuse_tag(event.tag, offset)
        self._open_anchors.append(event.anchor)
        self.tree.open(value, offset)

    def _close(self) -> None:
        frame = self.tree.close()
        if frame.merges:
            self._merge(frame)
        anchor = self._open_anchors.pop()
        if anchor:
            nodes = self.tree.nodes - frame.nodes_before
            self._anchored[anchor] = _Anchored(frame.value, frame.marks, nodes)

    def _alias(self, event: AliasEvent) -> None:
        offset = _start(event)
        anchored = self._anchored.get(event.anchor or "")
        if event.anchor in self._open_anchors:
            self.tree.stop(
                "recursive-alias",
                f"the alias *{event.anchor} stands inside what it stands for",
                offset,
            )
        elif anchored is None:
            self.tree.stop(
                "unknown-alias", f"nothing is anchored as &{event.anchor}", offset
            )
        elif self.tree.wants_key and isinstance(anchored.value, str):
            self.tree.key(anchored.value, offset)
        elif self.tree.wants_key:
            self._refuse_key(offset)
        else:
            self.tree.share(
                anchored.value,
                anchored.marks,
                nodes=anchored.nodes,
                height=self._height(anchored.value),
                offset=offset,
            )

    def _height(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return 0
        known = self._heights.get(id(value))
        if known is None:
            inside = value.values() if isinstance(value, dict) else value
            known = 1 + max(map(self._height, inside), default=0)
            self._heights[id(value)] = known
        return known

    def _merge(self, frame: Frame) -> None:
        """Fill in `<<: *defaults`: YAML 1.1's merge key, which people still write."""
        into = frame.value
        assert isinstance(into, dict)
        given = into.pop("<<")
        marks = frame.marks.inner.pop("<<")
        offset = frame.marks.keys.pop("<<")
        sources = given if isinstance(given, list) else [given]
        for index, source in enumerate(sources):
            if not isinstance(source, dict):
                message = "`<<` merges objects only"
                self.tree.fault("bad-merge", message, offset)
                continue
            source_marks = (
                marks.inner[str(index)]
                if isinstance(given, list) and isinstance(marks, Marks)
                else marks
            )
            _fill_in(into, frame.marks, source, source_marks)

    def _refuse_tag(self, tag: str, offset: int) -> None:
        shown = tag.replace(_TAG, "!!")
        self.tree.fault("unknown-tag", f"the tag {shown} has no meaning here", offset)

    def _refuse_key(self, offset: int) -> None:
        self.tree.stop("complex-key", "a key has to be a plain text", offset)

    def _refuse_second(self, event: Event) -> None:
        self.tree.stop(
            "several-documents",
            "a second YAML document begins here",
            _start(event),
            "an API document is one YAML document: remove the `---`",
        )


def _start(event: Event) -> int:
    mark = event.start_mark
    assert mark is not None
    return mark.index


def _fill_in(
    into: dict[str, Json], marks: Marks, source: dict[str, Json], given: Marks | int
) -> None:
    assert isinstance(given, Marks)
    for key, value in source.items():
        if key not in into:
            into[key] = value
            marks.inner[key] = given.inner[key]
            marks.keys[key] = given.keys[key]


def _syntax_fault(error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "this is not YAML"
    message = f"{problem} {error.context}" if error.context else problem
    return Fault("yaml-syntax", message, mark.index if mark else 0)


def _character_offset(text: str, byte_offset: int) -> int:
    return len(text.encode()[:byte_offset].decode(errors="ignore"))
