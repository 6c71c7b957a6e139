"""Descriptions that were written as HTML, as the Markdown that they stand for."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_CODE: Final = re.compile(r"(`[^`]*`)")
_MARKS: Final = (
    (re.compile(r"<code>([^<]*)</code>", re.IGNORECASE), r"`\1`"),
    (re.compile(r"</?(?:strong|b)>", re.IGNORECASE), "**"),
    (re.compile(r"</?(?:em|i)>", re.IGNORECASE), "*"),
    (re.compile(r"</?(?:a|span)(?:\s[^<>]*)?>", re.IGNORECASE), ""),
    (re.compile(r"<br\s*/?>", re.IGNORECASE), "\n"),
    (re.compile(r"</li>\s*", re.IGNORECASE), ""),
    (re.compile(r"<li>\s*", re.IGNORECASE), "\n- "),
    (re.compile(r"</?(?:p|ul|ol|div)>\s*", re.IGNORECASE), "\n\n"),
)
_TAG: Final = re.compile(
    r"<(?:p|ul|ol|a\s[^<>]*|code|strong|em|br\s*/?)>", re.IGNORECASE
)
_GAP: Final = re.compile(r"\n{3,}")


def from_html(text: str) -> str:
    """Write the usual tags of prose as Markdown; all other text stays as it is.

    What stands in backticks is code, and is not touched.
    """
    if _TAG.search(_CODE.sub("", text)) is None:
        return text
    parts = _CODE.split(text)
    plain = [part if index % 2 else _marked(part) for index, part in enumerate(parts)]
    return _GAP.sub("\n\n", "".join(plain)).strip()


def _marked(text: str) -> str:
    for tag, mark in _MARKS:
        text = tag.sub(mark, text)
    return unescape(text)
