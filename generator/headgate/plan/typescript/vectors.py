"""The module of vectors: sums over them, and those of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled
from headgate.encoding.typescript import access
from headgate.ir.types import Ref
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports

if TYPE_CHECKING:
    from headgate.ir.api import Api, VectorList
    from headgate.plan.typescript.names import Names

VECTORS = "vectors"


@dataclass(frozen=True, slots=True)
class VectorsPage:
    """The module of vectors."""

    header: Code
    imports: tuple[Code, ...]
    type: Code
    items: Code
    vector: Code


def plan_vectors(
    api: Api, names: Names, vectors: VectorList, header: Code
) -> VectorsPage:
    """Plan the module."""
    types = Types(api, names, Imports(VECTORS))
    kind = types.write(Ref(vectors.type))
    types.imports.runtime(VECTORS, "numbersOf")
    return VectorsPage(
        header=header,
        imports=types.imports.lines(),
        type=kind,
        items=assembled("answer{}", access(vectors.items_field)),
        vector=assembled("each{}", access(vectors.vector_field)),
    )
