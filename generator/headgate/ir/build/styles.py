"""The styles of parameters and of the fields of forms (OpenAPI 3.1.1, 4.8.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.ir.build.reader import text_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.build.reader import Node, Reader
    from headgate.ir.operations import ParameterPlace

_KNOWN: Final[Mapping[ParameterPlace, tuple[str, ...]]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""The styles of each place, the usual one first."""


def style_at(reader: Reader, node: Node, place: ParameterPlace) -> str:
    """Read a style; one that the place does not have is taken for the usual one."""
    known = _KNOWN[place]
    stated = text_at(node.value, "style")
    if stated is None or stated in known:
        return stated or known[0]
    message = f"'{stated}' is no style here; '{known[0]}' is used"
    reader.report("unknown-style", message, node.child("style"), "warning")
    return known[0]
