"""A document that was read, bundled and found fit to generate from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, cast

from headgate.document.bundler import Bundle, Bundler, UnboundedError
from headgate.document.checks import check
from headgate.document.config import Config, default_config
from headgate.document.config_file import config_name, read_config
from headgate.document.files import Files
from headgate.document.json_values import JsonObject, Tokens, tokens_of
from headgate.document.overlays import apply_overlays
from headgate.document.source import Source
from headgate.document.trail import Origins
from headgate.errors import Diagnostic, Location, SoughtLocation, SpecError, in_order
from headgate.garbage import without_collector

_VERSION: Final = re.compile(r"3\.([012])(?:\.[0-9]+(?:[-+].*)?)?")


@dataclass(frozen=True)
class Document:
    """One API document, whatever number of files it came from.

    `root` is the bundle: the only references left are `#/components/<section>/<Name>`.
    Its values are shared and must not be changed.
    """

    root: JsonObject
    version: tuple[int, int]
    config: Config
    warnings: tuple[Diagnostic, ...]
    sources: Mapping[str, str] = field(repr=False)
    origins: Origins = field(repr=False)

    def locate(self, pointer: str) -> Location:
        """Find where a part of the bundle was written.

        Falls back to the nearest ancestor for what is nowhere in the files.
        """
        return SoughtLocation(lambda: self.locate_tokens(tokens_of(pointer)))

    def locate_tokens(self, tokens: Tokens) -> Location:
        """Find where a part of the bundle was written, by unescaped tokens."""
        return _place(self.origins, tokens)


def load_document(
    path: Path,
    config: Path | None = None,
    *,
    strict: bool = False,
    overlays: Sequence[Path] = (),
) -> Document:
    """Read a document with every file it refers to, and its `headgate.toml`.

    `overlays` are applied to its root file after those that the settings name.
    Raises `SpecError` with everything that makes it impossible to generate; `strict`
    takes warnings for errors.
    """
    with without_collector():
        document = _load(path, config, overlays)
    if strict and document.warnings:
        faults = (replace(it, severity="error") for it in document.warnings)
        raise SpecError(faults, document.sources)
    return document


def _load(path: Path, config_path: Path | None, overlays: Sequence[Path]) -> Document:
    files = Files(path)
    source = files.root
    if source is None:
        raise SpecError(files.diagnostics, files.texts)
    version, faults = _version(source)
    if faults or not isinstance(source.value, dict):
        raise SpecError([*files.diagnostics, *faults], files.texts)
    named = _named_overlays(config_path or config_name(path))
    overlaid = apply_overlays(source.value, [*named, *overlays])
    files.replace_root(overlaid.value)
    source = files.root or source
    if any(found.severity == "error" for found in overlaid.diagnostics):
        raise SpecError(overlaid.diagnostics, {**files.texts, **overlaid.texts})
    bundler = Bundler(files, source)
    bundle = _bundle(bundler, files)
    config, config_faults, sources = _config(path, config_path, bundle.root, files)
    sources |= overlaid.texts
    diagnostics = in_order(
        [
            *files.diagnostics,
            *overlaid.diagnostics,
            *bundler.diagnostics,
            *check(bundle.root, partial(_place, bundle.origins)),
            *config_faults,
        ]
    )
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise SpecError(diagnostics, sources)
    return Document(bundle.root, version, config, diagnostics, sources, bundle.origins)


def _bundle(bundler: Bundler, files: Files) -> Bundle:
    try:
        return bundler.bundle()
    except UnboundedError:
        raise SpecError(
            [*files.diagnostics, *bundler.diagnostics], files.texts
        ) from None


def _version(source: Source) -> tuple[tuple[int, int], list[Diagnostic]]:
    """Read the version that the document says it has."""
    root = source.value
    if not isinstance(root, dict) or not ({"openapi", "swagger"} & root.keys()):
        message = "this is no OpenAPI document: it has no field 'openapi'"
        place = source.locate(())
        return (0, 0), [Diagnostic("error", "not-openapi", message, place)]
    given = root.get("openapi", root.get("swagger"))
    found = _VERSION.fullmatch(str(given))
    if "openapi" in root and isinstance(given, str | float) and found:
        return (3, int(found[1])), []
    message = f"OpenAPI {given!r} is not supported: expected 3.0, 3.1 or 3.2"
    place = source.locate(("openapi",) if "openapi" in root else ("swagger",))
    hint = "convert it to OpenAPI 3 first" if "swagger" in root else ""
    return (0, 0), [Diagnostic("error", "unsupported-version", message, place, hint)]


def _config(
    path: Path, given: Path | None, root: JsonObject, files: Files
) -> tuple[Config, list[Diagnostic], dict[str, str]]:
    sources = files.texts
    place = given or config_name(path)
    if given is None and not place.exists():
        return default_config(root), [], sources
    try:
        text = place.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        location = Location(str(place), 1, 1, "")
        fault = Diagnostic("error", "missing-file", f"cannot read: {error}", location)
        return default_config(root), [fault], sources
    sources[str(place)] = text
    config, faults = read_config(text, str(place), root)
    return config, faults, sources


def _named_overlays(config: Path) -> list[Path]:
    """Give the overlays that the settings name, which lie beside them.

    What is wrong with the settings is said when all of them are read.
    """
    try:
        tables = tomllib.loads(config.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    named: object = tables.get("overlays")
    names = cast("list[object]", named) if isinstance(named, list) else []
    return [config.parent / name for name in names if isinstance(name, str) and name]


def _place(origins: Origins, tokens: Tokens) -> Location:
    """Find where a place in the bundle was written."""
    for length in range(len(tokens), -1, -1):
        if found := origins.get(tokens[:length]):
            source, start = found
            return source.locate((*start, *tokens[length:]))
    raise AssertionError("the root of the bundle has an origin")
