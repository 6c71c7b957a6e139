"""Texts that an upstream's answer must not hold, made unreadable on its way.

A service that says what it was sent gives its credential to callers that must never
have it. Each byte of the credential becomes ``*``: the length of the answer stays what
the upstream declared, and what surrounds it is byte for byte the upstream's own.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from urllib.parse import quote

SHORTEST = 8
"""Characters of a text that is hidden: a shorter one is in many a word by chance."""
_UNSAFE_IN_HTML = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
"""What Go and others escape in JSON, so that it may stand in a page."""


class Mask:
    """Hides some texts wherever they occur, also where occurrences overlap."""

    __slots__ = ("_forms",)

    def __init__(self, forms: Iterable[bytes]) -> None:
        self._forms = tuple(forms)

    @classmethod
    def over(cls, texts: Iterable[str]) -> "Mask | None":
        """What hides the texts as they are, in JSON and in an address.

        None where none of them is long enough to be hidden.
        """
        forms = {
            form.encode(): None
            for text in texts
            if len(text) >= SHORTEST
            for form in _spelled(text)
        }
        return cls(forms) if forms else None

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """An answer's headers without the texts; each value is bytes as characters."""
        return {name: self._value(value) for name, value in headers.items()}

    async def pieces(self, pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """The pieces of a body without the texts, each as soon as it can be given."""
        stream = MaskedStream(self)
        try:
            async for piece in pieces:
                if shown := stream.feed(piece):
                    yield shown
        except Exception:
            # Where the upstream breaks off, callers get all that it said before.
            if rest := stream.end():
                yield rest
            raise
        if rest := stream.end():
            yield rest

    def hidden(self, said: bytes, shown: bytes) -> bytes:
        """``shown`` with ``*`` at all places where ``said``, as long, has the texts."""
        changed: bytearray | None = None
        for form in self._forms:
            for place in _places(said, form):
                changed = bytearray(shown) if changed is None else changed
                changed[place : place + len(form)] = b"*" * len(form)
        return shown if changed is None else bytes(changed)

    def begun(self, said: bytes) -> int:
        """How many bytes at the end may be the beginning of one of the texts."""
        return max(_begun(said, form) for form in self._forms)

    def _value(self, value: str) -> str:
        data = value.encode("latin-1")
        return self.hidden(data, data).decode("latin-1")


class MaskedStream:
    """Bytes that come in pieces, given on but for a text that may just have begun."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._said = b""
        """The end that is held back, as it came: an occurrence may begin in it."""
        self._shown = b""
        """The same, without the occurrences that end in it."""

    def feed(self, piece: bytes) -> bytes:
        """What may be given on by now."""
        said = self._said + piece
        shown = self._mask.hidden(said, self._shown + piece)
        end = len(said) - self._mask.begun(said)
        self._said, self._shown = said[end:], shown[end:]
        return shown[:end]

    def end(self) -> bytes:
        """What was held back: nothing comes that would make it an occurrence."""
        rest, self._said, self._shown = self._shown, b"", b""
        return rest


def _spelled(text: str) -> Iterator[str]:
    """The text as it is, as JSON has it by several writers, and percent-encoded."""
    in_json = json.dumps(text)[1:-1]
    yield from (text, in_json, in_json.replace("/", "\\/"))
    yield in_json.translate(_UNSAFE_IN_HTML)
    yield quote(text, safe="")


def _places(said: bytes, form: bytes) -> Iterator[int]:
    place = said.find(form)
    while place >= 0:
        yield place
        place = said.find(form, place + 1)


def _begun(said: bytes, form: bytes) -> int:
    """The length of the longest end that is a beginning of ``form``, not all of it."""
    place = said.find(form[:1], max(len(said) - len(form) + 1, 0))
    while place >= 0:
        if form.startswith(said[place:]):
            return len(said) - place
        place = said.find(form[:1], place + 1)
    return 0
