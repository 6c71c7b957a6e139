"""A sample of a document's schemas with values of each, and their names in each SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.document import load_document
from headgate.ir.api import Api
from headgate.ir.build import build_api
from headgate.ir.types import Struct, TypeId, Union
from headgate.plan.python.context import make_context
from headgate.plan.rust.names import name_definitions
from headgate.plan.typescript.names import name_everything
from headgate.plan.typescript.reach import type_modules
from tests.corpus.values import Values

VALUES = 3


@dataclass(frozen=True)
class Sample:
    """A received schema, values of it, and what each language calls it."""

    schema: str
    values: tuple[Any, ...]
    python: tuple[str, str]
    """The module below the package, and the class or alias in it."""
    typescript: str
    rust: str


@dataclass(frozen=True)
class Samples:
    """What is tried of one document."""

    package: str
    crate: str
    samples: tuple[Sample, ...]


def sample(spec: Path, most: int) -> Samples:
    """Values of at most `most` schemas that answers carry, spread over the document."""
    document = load_document(spec)
    api, _ = build_api(document)
    config = document.config
    values = Values(dict(document.root))
    python = make_context(api, config).types
    typescript = name_everything(api, config.client.name, type_modules(api)).types
    rust = name_definitions(api.definitions.values())
    wanted = [each for each in values.schemas if _is_received(api, each)]
    step = max(len(wanted) // most, 1)
    samples = [
        Sample(
            schema=name,
            values=made,
            python=(
                f"types.{python.modules[TypeId(name)]}",
                python.received[TypeId(name)],
            ),
            typescript=typescript[TypeId(name)].name.text,
            rust=rust[TypeId(name)].text,
        )
        for name in wanted[::step]
        if (made := tuple(values.valid(name, VALUES)))
    ]
    return Samples(
        config.python.module, config.rust.crate.replace("-", "_"), tuple(samples)
    )


def _is_received(api: Api, name: str) -> bool:
    """Whether answers carry it and it is no mere part of others' type expressions.

    Aliases and open enums are written out where they are used, so they are tried there.
    """
    definition = api.definitions.get(TypeId(name))
    return isinstance(definition, Struct | Union) and definition.direction.received
