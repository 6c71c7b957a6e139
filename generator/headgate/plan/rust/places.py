"""Where operations stand in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.ir.operations import Operation


def place_of(operation: Operation) -> str:
    """Give an operation's place in the tree, unique even where its id is not."""
    return ".".join((*operation.resource, operation.method))
