"""What headers say: text that callers chose, and how a body is encoded."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

_AS_IT_IS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


@lru_cache(maxsize=1024)
def in_header(text: str) -> str:
    """The text where it is printable ASCII; anything else percent-encoded, as UTF-8."""
    return quote(text, safe=_AS_IT_IS)


def are_encoded(encodings: Iterable[str]) -> bool:
    """Whether a value of ``Content-Encoding`` names anything but ``identity``."""
    names = (name.strip().lower() for each in encodings for name in each.split(","))
    return any(name not in ("", "identity") for name in names)
