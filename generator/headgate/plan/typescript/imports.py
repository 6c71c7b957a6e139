"""Imports of a module, collected by using names."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, LiteralString

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import identifier, module_path
from headgate.names import Name
from headgate.plan.typescript.layout import WIDTH

if TYPE_CHECKING:
    from headgate.plan.typescript.names import Exported


@dataclass(slots=True)
class Imports:
    """What the module at `path` (below `src`, without an ending) uses of others."""

    path: str
    _used: dict[str, dict[str, bool]] = field(
        default_factory=dict[str, dict[str, bool]]
    )

    def type(self, exported: Exported) -> Code:
        """Use a name as a type."""
        return self._use(exported.module, exported.name, as_value=False)

    def value(self, exported: Exported) -> Code:
        """Use a name as a value."""
        return self._use(exported.module, exported.name, as_value=True)

    def runtime_type(self, module: LiteralString, name: LiteralString) -> Code:
        """Use a type of the fixed runtime."""
        return self._use(f"runtime/{module}", Name(name), as_value=False)

    def runtime(self, module: LiteralString, name: LiteralString) -> Code:
        """Use a value of the fixed runtime."""
        return self._use(f"runtime/{module}", Name(name), as_value=True)

    def _use(self, module: str, name: Name, *, as_value: bool) -> Code:
        if module != self.path:
            names = self._used.setdefault(module, {})
            names[name.text] = as_value or names.get(name.text, False)
        return identifier(name)

    def lines(self) -> tuple[Code, ...]:
        """Give the import statements, sorted by module."""
        here = posixpath.dirname(self.path)
        found = [
            (posixpath.relpath(module, here or "."), names)
            for module, names in self._used.items()
        ]
        return tuple(
            _statement(path if path.startswith(".") else f"./{path}", names)
            for path, names in sorted(found, key=lambda pair: (pair[0][0] != ".", pair))
        )


def _statement(path: str, names: dict[str, bool]) -> Code:
    only_types = not any(names.values())
    start = fixed("import type") if only_types else fixed("import")
    parts = [
        _part(name, is_plain=names[name] or only_types)
        for name in sorted(names, key=lambda name: (name.lower(), name))
    ]
    source = module_path(f"{path}.js")
    line = assembled("{} {{ {} }} from {};", start, joined(", ", parts), source)
    if len(line) <= WIDTH or len(parts) == 1:
        return line
    lines = joined("\n", [assembled("  {},", part) for part in parts])
    return assembled("{} {{\n{}\n}} from {};", start, lines, source)


def _part(name: str, *, is_plain: bool) -> Code:
    code = identifier(Name(name))
    return code if is_plain else assembled("type {}", code)
