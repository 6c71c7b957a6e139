"""Reads a provider's stream: bytes to events, as far as they can be understood."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from headgate_gateway.events import up_to_failure
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.dialects.interface import Reading
from headgate_gateway.providers.wire import Framing

Piece: TypeAlias = tuple[list[JsonObject], Exception | None]
"""Events that came together, and the failure that they broke off with."""


class Reader:
    """One stream on its way; fed with bytes, it gives pieces."""

    def __init__(self, reading: Reading, framing: Framing) -> None:
        self._reading = reading
        self._framing = framing
        self._has_content = False

    @property
    def ended(self) -> bool:
        """Whether the stream has said that it is over."""
        return self._reading.ended

    def feed(self, data: bytes) -> Iterator[Piece]:
        """What these bytes bring; the first word does not wait for all the rest."""
        frames = self._framing.feed(data)
        while not self._has_content and (frame := next(frames, None)) is not None:
            said = self._read((frame,))
            self._has_content = any(map(_is_content, said[0]))
            yield said
        yield self._read(frames)

    def end(self) -> Iterator[Piece]:
        """What the end of the bytes brings."""
        yield self._read(self._framing.end())
        if not self.ended:
            yield up_to_failure(self._reading.end())

    def _read(self, frames: Iterable[str]) -> Piece:
        found: list[JsonObject] = []
        try:
            for data in frames:
                if self._reading.ended:
                    break
                for event in self._reading.frame(data):
                    found.append(event)  # noqa: PERF402 - extend may drop what came
        except Exception as error:  # noqa: BLE001 - raised when these are passed on
            return found, error
        return found, None


def _is_content(event: JsonObject) -> bool:
    return bool(event["type"] == "content_block_delta")
