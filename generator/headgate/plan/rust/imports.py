"""Imports are collected by using names; what is not used is not imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headgate.encoding.code import Code, fixed, joined
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from typing import LiteralString

_OWN: Final = ("super", "crate")
_SUPER: Final = fixed("super")


@dataclass(slots=True)
class Imports:
    """The names that a file takes from elsewhere, by module.

    `own` is where a file of types finds those of other files, which it knows as
    `super`.
    """

    own: Code = _SUPER
    _names: dict[str, dict[str, Code]] = field(
        default_factory=dict[str, dict[str, Code]]
    )
    _paths: dict[str, Code] = field(default_factory=dict[str, Code])

    def use(self, path: LiteralString, name: LiteralString) -> Code:
        """Take a fixed name from a module and give it back."""
        return self.use_code(fixed(path), fixed(name))

    def use_code(self, path: Code, name: Code) -> Code:
        """Take a planned name from a module and give it back."""
        path = self.own if path == _SUPER else path
        self._paths[path.text] = path
        self._names.setdefault(path.text, {})[name.text] = name
        return name

    def forget(self, name: Code) -> None:
        """Drop what turned out to be of the file itself."""
        self._names.get(self.own.text, {}).pop(name.text, None)

    def lines(self) -> Code:
        """Write the `use` items: the standard library, other crates, our own."""
        groups: tuple[list[Code], list[Code], list[Code]] = ([], [], [])
        for path in sorted(filter(self._names.get, self._names), key=_path_order):
            names = self._names[path]
            ordered = [names[name] for name in sorted(names, key=_name_order)]
            groups[_group(path)].append(layout.use(self._paths[path], ordered))
        return joined("\n\n", [joined("\n", group) for group in groups if group])


def _group(path: str) -> int:
    root = path.split("::", maxsplit=1)[0]
    return 0 if root == "std" else 2 if root in _OWN else 1


def _path_order(path: str) -> tuple[tuple[int, str], ...]:
    """Order as rustfmt: `super` before `crate`; a module before what it contains."""
    segments = [(_OWN.index(s) if s in _OWN else 2, s) for s in path.split("::")]
    return (*segments, (3, ""))


def _name_order(name: str) -> tuple[int, str]:
    if name == "self":
        return (0, name)
    plain = name.removeprefix("r#")
    if plain[0].islower() or plain[0] == "_":
        return (1, plain)
    shouting = all(c.isupper() or c.isdigit() or c == "_" for c in plain)
    return (3 if shouting else 2, plain)
