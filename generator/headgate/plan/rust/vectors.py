"""The page of the vectors: sums over them, and those of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from headgate.ir.api import VectorList
    from headgate.plan.rust.definitions import Definitions


@dataclass(frozen=True, slots=True)
class VectorsPage:
    """The file of the vectors."""

    header: Code
    imports: Code
    type: Code
    items: Code
    vector: Code


def plan_vectors(
    vectors: VectorList, definitions: Definitions, header: Code
) -> VectorsPage:
    """Plan the file."""
    imports = Imports()
    imports.use("crate::runtime::error", "Error")
    kind = definitions.types.write_name(vectors.type, imports, TYPES)
    items = definitions.member(vectors.type, vectors.items_field)
    held = assembled("&answer.{}", items.name)
    if items.optional or items.nullable:
        held = assembled("answer.{}.iter().flatten()", items.name)
    vector = definitions.member(vectors.item, vectors.vector_field)
    return VectorsPage(header, imports.lines(), kind, held, vector.name)
