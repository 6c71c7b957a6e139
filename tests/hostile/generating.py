"""Generating packages from planted documents, until nothing in them is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.encoding.markup import toml_string
from headgate.errors import SpecError
from headgate.output import write as bring_up_to_date
from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES
from tests.hostile import document
from tests.hostile.planting import Garden, Planted, nearest, sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.errors import Diagnostic
    from tests.hostile.planting import Site

Files = dict[str, bytes]
"""Every file of all packages, by language and path."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same document with hostile and with benign texts, as packages."""

    garden: Garden
    hostile: Files
    benign: Files
    folder: Path

    @property
    def refused(self) -> set[str]:
        """The positions where some text was refused."""
        return {label for label, _ in self.garden.refused}


def repeated_pair(folder: Path) -> Pair:
    """The document of all repeated positions, written to disk."""
    garden, twin = Garden(hostile=True), Garden(hostile=False)
    spec = folder / "spec.json"
    spec.parent.mkdir(exist_ok=True)
    wild = _generated(garden, spec, lambda g: (document.repeated(g), None))
    twin.refused = garden.refused
    tame = _generated(twin, spec, lambda g: (document.repeated(g), None))
    for name, files in (("hostile", wild), ("benign", tame)):
        write(files, folder / name)
    return Pair(garden, wild, tame, folder)


def single_pair(folder: Path, number: int) -> Pair:
    """The document of what stands once, with its settings and its own file name."""
    garden, twin = Garden(hostile=True), Garden(hostile=False)

    def parts(planted: Garden) -> tuple[Any, Any]:
        return document.single(planted, number), document.settings(planted, number)

    files: list[Files] = []
    for name, planted in (("hostile", garden), ("benign", twin)):
        twin.refused = garden.refused
        place = folder / name
        place.mkdir(parents=True)
        spec = place / file_name(planted.text("spec file name", number))
        files.append(_generated(planted, spec, parts))
        out = place / "out" / file_name(planted.text("output folder", number))
        write(files[-1], out)
    return Pair(garden, files[0], files[1], folder)


def file_name(text: str) -> str:
    """Leave out of a text what no file's name can hold."""
    kept = text.replace("/", "").replace("\0", "")
    return f"{kept[:60]}.json"


def write(files: Files, folder: Path) -> None:
    """Write packages as the command does."""
    by_language: dict[str, Files] = {}
    for path, content in files.items():
        language, _, inner = path.partition("/")
        by_language.setdefault(language, {})[inner] = content
    for language, contents in by_language.items():
        bring_up_to_date(folder / language, contents)


def _generated(garden: Garden, spec: Path, parts: Any) -> Files:
    """Generate; a text that is refused, with its position, is taken back."""
    while True:
        root, tables = parts(garden)
        spec.write_text(json.dumps(root), "utf-8")
        config = spec.with_name("headgate.toml")
        if tables is not None:
            config.write_text(_toml(tables), "utf-8")
        try:
            made = generate(spec, LANGUAGES)
        except SpecError as error:
            refused = _refused(error.diagnostics, sites(root), _settings(tables))
            if refused <= garden.refused:
                raise
            garden.refused |= refused
            continue
        return {
            f"{language}/{path}": content
            for language, files in made.files.items()
            for path, content in files.items()
        }


def _refused(
    diagnostics: tuple[Diagnostic, ...],
    planted: dict[str, list[Site]],
    settings: dict[str, list[Site]],
) -> set[Site]:
    found: set[Site] = set()
    for each in diagnostics:
        if each.severity == "error":
            place = each.location.pointer
            is_setting = each.location.file.endswith(".toml")
            found |= set(
                _near_settings(place, settings)
                if is_setting
                else nearest(place, planted)
            )
    return found


def _settings(tables: Mapping[str, Mapping[str, Any]] | None) -> dict[str, list[Site]]:
    found: dict[str, list[Site]] = {}
    for table, values in (tables or {}).items():
        for key, value in values.items():
            held = [key, *(value if isinstance(value, list) else [value])]
            planted = [text.site for text in held if isinstance(text, Planted)]
            found[f"{table}.{key}"] = planted
    return found


def _near_settings(place: str, settings: dict[str, list[Site]]) -> list[Site]:
    exact = settings.get(place)
    if exact:
        return exact
    return [
        site
        for name, held in settings.items()
        if name.startswith(place) or place.startswith(name)
        for site in held
    ]


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for table, values in tables.items():
        lines.append(f"[{table}]")
        lines += [
            f"{toml_string(key).text} = {_toml_value(value)}"
            for key, value in values.items()
            if value is not None
        ]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {_toml_value(it)}" for key, it in value.items())
        return f"{{{inner}}}"
    return toml_string(value).text
