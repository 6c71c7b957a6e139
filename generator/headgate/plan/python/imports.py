"""A module's imports, collected by using them and sorted as isort would."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import dotted, identifier
from headgate.names import Name
from headgate.plan.python.layout import listed

_DIGITS = re.compile(r"(\d+)")
_UNMARKED = fixed("")


@dataclass(slots=True)
class Imports:
    """Names by the module that they come from.

    Modules are written as they are imported: `typing`, `pydantic`, `..types.runs`.
    """

    _names: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _modules: set[str] = field(default_factory=set[str])
    _late: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def use(self, module: str, name: str) -> Code:
        """Import a name and give it."""
        self._names.setdefault(module, set()).add(name)
        return identifier(Name(name))

    def use_late(self, module: str, name: str) -> Code:
        """Import a name of a module that imports this one, and give it."""
        self._late.setdefault(module, set()).add(name)
        return identifier(Name(name))

    def late(self) -> tuple[Code, ...]:
        """Give the imports that stand at the module's end, where all of it is there.

        The linter is told that they are there on purpose.
        """
        mark = fixed("  # noqa: E402")
        return tuple(
            self._statement(each, self._late[each], 0, mark)
            for each in sorted(self._late, key=_module_key)
        )

    def use_module(self, module: str) -> Code:
        """Import a module as a whole and give its name."""
        self._modules.add(module)
        return dotted([module])

    def groups(self, indent: int = 0) -> tuple[tuple[Code, ...], ...]:
        """Give the import statements: the standard library, others, our own."""
        groups = [(*self._whole(rank), *self._from(rank, indent)) for rank in range(3)]
        return tuple(group for group in groups if group)

    def _whole(self, rank: int) -> list[Code]:
        found = sorted(each for each in self._modules if _rank(each) == rank)
        return [assembled("import {}", dotted([each])) for each in found]

    def _from(self, rank: int, indent: int) -> list[Code]:
        found = sorted(
            (each for each in self._names if _rank(each) == rank), key=_module_key
        )
        return [self._statement(each, self._names[each], indent) for each in found]

    def _statement(
        self, module: str, used: set[str], indent: int, mark: Code = _UNMARKED
    ) -> Code:
        names = [identifier(Name(name)) for name in sorted(used, key=name_key)]
        start = assembled("from {} import ", dotted([module]))
        one = listed(start, names, "", indent=indent)
        if "\n" not in one.text:
            return assembled("{}{}", one, mark)
        bracketed = assembled("from {} import ({}", dotted([module]), mark)
        return listed(bracketed, names, ")", indent=indent)


def _rank(module: str) -> int:
    if module.startswith("."):
        return 2
    return 0 if module.partition(".")[0] in sys.stdlib_module_names else 1


def _module_key(module: str) -> tuple[int, object]:
    """Order relative imports from the furthest to the closest."""
    dots = len(module) - len(module.lstrip("."))
    return -dots, _natural(module.lstrip("."))


def name_key(name: str) -> tuple[int, object, object]:
    """Order the names of an import as isort does, whatever their case."""
    return _kind(name), _natural(name.lower()), _natural(name)


def export_key(name: str) -> tuple[int, object]:
    """Order the names of `__all__` as ruff does, with regard to case."""
    return _kind(name), _natural(name)


def _kind(name: str) -> int:
    """Put constants before classes before the rest."""
    is_constant = len(name) > 1 and name.isupper()
    return 0 if is_constant else 1 + (not name[:1].isupper())


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Make a key that puts `a2` before `a10`."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in _DIGITS.split(text)
        if part
    )
