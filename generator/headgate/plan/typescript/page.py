"""A module of functions and classes that take a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.encoding.code import Code
    from headgate.plan.typescript.methods import Params


@dataclass(frozen=True, slots=True)
class Extra:
    """What is no operation: its comment, its head, its lines."""

    docs: Code
    head: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class BesidePage:
    """The module: what is its own, then what it gives."""

    header: Code
    imports: tuple[Code, ...]
    constants: tuple[Code, ...]
    params: tuple[Params, ...]
    parts: tuple[Extra, ...]
