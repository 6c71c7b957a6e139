"""What answers hold beside the result: headers, and the bodies of those that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.document.json_values import fragment_tokens
from headgate.ir.build.media import is_stream, preference
from headgate.ir.build.reader import Node, Reader, docs_of
from headgate.ir.operations import Failure, ResponseHeader

if TYPE_CHECKING:
    from headgate.ir.build.contents import ContentsReader
    from headgate.ir.build.raw import RawOperation
    from headgate.ir.types import TypeExpr

_SHARED = "#/components/responses/"
_READ_OTHERWISE = frozenset({"content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class AnswersReader:
    """Reads the sides of answers; types go through `contents`."""

    reader: Reader
    contents: ContentsReader
    known: dict[str, TypeExpr]
    """The types of bodies that several operations have, by their place."""

    def headers(
        self, answers: list[tuple[str, Node]], words: tuple[str, ...]
    ) -> tuple[ResponseHeader, ...]:
        """Read the headers of some answers, each once."""
        found: dict[str, ResponseHeader] = {}
        for _, response in answers:
            for name, given in response.objects("headers"):
                key = name.lower()
                if key not in found and key not in _READ_OTHERWISE:
                    node = self.reader.resolve(given)
                    found[key] = self._header(name, node, words)
        return tuple(found.values())

    def _header(self, name: str, node: Node, words: tuple[str, ...]) -> ResponseHeader:
        return ResponseHeader(
            name=name,
            type=self.contents.schemas.expression_at(node, "schema", (*words, name)),
            required=node.value.get("required") is True,
            docs=docs_of(node.value),
            location=self.reader.locate(node.pointer),
        )

    def failures(
        self, raw: RawOperation, words: tuple[str, ...], successes: set[str]
    ) -> tuple[Failure, ...]:
        """Read what comes with the statuses that raise an error."""
        found: list[Failure] = []
        for status, given in raw.node.objects("responses"):
            response = self.reader.resolve(given)
            if status in successes or status.startswith(("1", "2")):
                continue
            contents = [
                pair for pair in response.objects("content") if not is_stream(pair[0])
            ]
            if contents:
                found.append(self._failure(status, response, contents, words))
        return tuple(found)

    def pending(self, raw: RawOperation) -> tuple[int, ...]:
        """Read the statuses of success that say that the answer is not there yet."""
        return tuple(
            int(status)
            for status, given in raw.node.objects("responses")
            if self.reader.resolve(given).value.get("x-pending") is True
            and status.isdecimal()
        )

    def _failure(
        self,
        status: str,
        response: Node,
        contents: list[tuple[str, Node]],
        words: tuple[str, ...],
    ) -> Failure:
        """Read the preferred kind of body; the others say the same in other words."""
        media_type, media = min(contents, key=lambda pair: preference(pair[0]))
        type_ = self.known.get(media.pointer)
        if type_ is None:
            is_shared = media.pointer.startswith(_SHARED)
            name = fragment_tokens(media.pointer)[2] if is_shared else ""
            error = (name, "error") if is_shared else (*words, "error", status)
            type_ = self.contents.type_of(media_type, media, error)
            self.known[media.pointer] = type_
        return Failure(
            status=status,
            type=type_,
            docs=docs_of(response.value),
            location=self.reader.locate(media.pointer),
        )
