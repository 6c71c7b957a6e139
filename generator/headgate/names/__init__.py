"""Names: how the spec's spelling becomes identifiers, each decided once per scope."""

from headgate.names.scope import DEVICES, Name, Scope, apart
from headgate.names.words import (
    camel,
    constant,
    kebab,
    pascal,
    snake,
    spelled,
    split_words,
    type_case,
)

__all__ = [
    "DEVICES",
    "Name",
    "Scope",
    "apart",
    "camel",
    "constant",
    "kebab",
    "pascal",
    "snake",
    "spelled",
    "split_words",
    "type_case",
]
