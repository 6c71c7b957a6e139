"""`vectors.py`: the sums over vectors, and the vectors of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports

if TYPE_CHECKING:
    from headgate.encoding.code import Code
    from headgate.ir.api import VectorList


@dataclass(frozen=True, slots=True)
class VectorsPage:
    """The module of the vectors."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    kind: Code
    items: Code
    vector: Code


def vectors_page(context: Context, vectors: VectorList) -> VectorsPage:
    """Plan the module."""
    imports = Imports()
    for used in (
        "Match",
        "Metric",
        "Vector",
        "average",
        "cosine",
        "dot",
        "euclidean",
        "find_most_similar",
        "manhattan",
        "normalize",
        "numbers_of",
    ):
        imports.use("._runtime.vectors", used)
    writer = context.writer(imports, package=".")
    kind = writer.named(context.api.definitions[vectors.type], "received")
    return VectorsPage(
        header=context.header,
        kind=kind.text,
        items=name(context.attributes[vectors.type, vectors.items_field]),
        vector=name(context.attributes[vectors.item, vectors.vector_field]),
        imports=imports.groups(),
    )
