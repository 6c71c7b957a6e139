"""The path of a proxied call, as its upstream gets it."""

import re
from urllib.parse import quote, unquote

_SAFE = "/%:@!$&'()*+,;=~"
"""What stands in a path as it is (RFC 3986, section 3.3), and what is encoded there."""
_SLASH = re.compile(r"%2f", re.IGNORECASE)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def path_as_sent(raw: bytes, template: str, *, decoded: str) -> str:
    """What an address has at the end of a template, encoded as it came.

    An encoded slash is a slash, and what no path may have as it is gets encoded.
    ``decoded`` is the path that was checked; no other is ever sent.
    """
    rest = raw.split(b"/", template.count("/"))[-1].decode("latin-1")
    path = _encoded(_SLASH.sub("/", rest))
    return path if unquote(path) == decoded else _encoded(decoded)


def _encoded(path: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", path), safe=_SAFE)
