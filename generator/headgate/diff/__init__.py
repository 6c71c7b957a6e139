"""What changed between two versions of a document, and whom it breaks.

Both documents are read as far as the IR, so the way a thing is written does not
matter. What is no part of the IR, for no SDK acts on it, is compared as it is written:
bounds of values (lengths, patterns).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.diff.answers import AnswerComparison
from headgate.diff.bounds import BoundComparison
from headgate.diff.changes import LEVELS, Change, Changes, Level, Report
from headgate.diff.operations import OperationComparison
from headgate.diff.rendering import Format, render, summary
from headgate.diff.service import ServiceComparison, Sides
from headgate.diff.streams import StreamComparison
from headgate.diff.tally import Tally
from headgate.diff.types import TypeComparison
from headgate.diff.written import Written
from headgate.ir.build import build_api

if TYPE_CHECKING:
    from headgate.document import Document
    from headgate.ir.api import Api

__all__ = [
    "LEVELS",
    "Change",
    "Format",
    "Level",
    "Report",
    "Sides",
    "compare_apis",
    "compare_documents",
    "render",
    "summary",
]


def compare_documents(before: Document, after: Document) -> Report:
    """Compare two versions of a document; raise SpecError if one is wrong."""
    old, new = build_api(before)[0], build_api(after)[0]
    return compare_apis(old, new, Sides(before, after))


def compare_apis(old: Api, new: Api, sides: Sides) -> Report:
    """Compare two APIs; `sides` are the documents that they were read from."""
    changes = Changes()
    before, after = Written(sides.before), Written(sides.after)
    bounds = BoundComparison(old, new, before, after, changes)
    types = TypeComparison(old, new, changes, bounds)
    tally = Tally(changes)
    answers = AnswerComparison(before, after, types, changes, tally)
    operations = OperationComparison(types, answers, changes, tally)
    streams = operations.compare(old.operations, new.operations)
    tally.finish()
    StreamComparison(types, changes, sides).compare(old, new, streams)
    ServiceComparison(types, changes, sides).compare(old, new)
    _compare_names(old, new, types, sides)
    return Report(changes.listed(), old.version, new.version)


def _compare_names(old: Api, new: Api, types: TypeComparison, sides: Sides) -> None:
    """Report the named types that nobody would find again."""
    components = sides.before.root.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    kept = {*new.definitions, *types.matched}
    for type_id, gone in old.definitions.items():
        if isinstance(schemas, dict) and type_id in schemas and type_id not in kept:
            message = f"the type '{type_id}' is gone"
            types.changes.note(
                "type-removed", "risky", message, old=gone.location, new=None
            )
