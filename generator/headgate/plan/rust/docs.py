"""Doc comments of what the document describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from headgate.encoding import rust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.encoding.code import Code
    from headgate.ir.types import Docs, Field


def documentation(docs: Docs, words: Sequence[str]) -> Code:
    """Write a definition's doc comment; without text it says its name in the spec."""
    return rust.doc(described(docs, f"`{' '.join(words)}`"))


def described(docs: Docs, fallback: str) -> str:
    """Give the spec's text, or another, and say that a thing is deprecated."""
    text = docs.text.strip() or f"{fallback.replace('``', '` `')}."
    return f"{text}\n\nDeprecated." if docs.deprecated else text


def field_docs(field: Field) -> Code:
    """Write a field's doc comment, with its default."""
    text = described(field.docs, f"The property `{field.name}`")
    if field.default is not None:
        text = f"{text}\n\nDefault: `{_default_text(field.default.value)}`."
    return rust.doc(text, 4)


def _default_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True).replace("`", "'")
