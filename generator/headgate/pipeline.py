"""The road from a document to packages: one call a stage, values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from headgate.document import load_document
from headgate.document.examples import check_examples
from headgate.errors import Diagnostic, SpecError, in_order
from headgate.garbage import without_collector
from headgate.ir.build import build_api
from headgate.lint import lint
from headgate.output import Changes, compare, write
from headgate.parallel import at_once
from headgate.plan.surroundings import surrounded
from headgate.rendering import render_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from headgate.document import Document
    from headgate.ir.api import Api
    from headgate.plan.package import Language, Package


_LARGE: Final = 200
"""From so many definitions on, a process a language saves more than it costs."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Rendered packages, nothing of them written yet."""

    files: Mapping[Language, Mapping[str, bytes]]
    warnings: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


def _ignored(_stage: str) -> None:
    """Tell nobody which stage begins."""


def generate(
    spec: Path,
    languages: Sequence[Language],
    config: Path | None = None,
    begin: Callable[[str], None] = _ignored,
    *,
    overlays: Sequence[Path] = (),
) -> Generated:
    """Render the packages of a document; raise SpecError with all that is wrong.

    `begin` is told the name of each stage when it begins.
    """
    with without_collector():
        return _generated(spec, languages, config, begin, overlays)


def _generated(
    spec: Path,
    languages: Sequence[Language],
    config: Path | None,
    begin: Callable[[str], None],
    overlays: Sequence[Path],
) -> Generated:
    begin(f"reading {spec}")
    document = load_document(spec, config, overlays=overlays)
    begin("settling what the API is")
    api, warnings = build_api(document)
    files = _files(languages, api, document, begin)
    return Generated(files, (*document.warnings, *warnings), document.sources)


def _files(
    languages: Sequence[Language],
    api: Api,
    document: Document,
    begin: Callable[[str], None],
) -> dict[Language, Mapping[str, bytes]]:
    """Print the packages; those of a large API at the same time."""
    if len(api.definitions) < _LARGE:
        return {each: _printed(each, api, document, begin) for each in languages}
    begin(f"planning and printing {', '.join(languages)}")
    work = [partial(_printed, each, api, document, _ignored) for each in languages]
    return dict(zip(languages, at_once(work), strict=True))


def _printed(
    language: Language, api: Api, document: Document, begin: Callable[[str], None]
) -> dict[str, bytes]:
    begin(f"planning {language}")
    package = _plan(language, api, document)
    begin(f"printing {language}")
    return render_package(package)


def check(
    spec: Path, config: Path | None = None, *, overlays: Sequence[Path] = ()
) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Read a document as far as the IR, its streams and examples down to the last.

    Raises SpecError with all that is wrong.
    """
    document = load_document(spec, config, overlays=overlays)
    faults = _stream_faults(document)
    try:
        api, warnings = build_api(document)
    except SpecError as error:
        raise SpecError((*error.diagnostics, *faults), document.sources) from None
    if faults:
        raise SpecError((*document.warnings, *warnings, *faults), document.sources)
    found = (*warnings, *lint(document, api), *check_examples(document))
    return document, in_order((*document.warnings, *found))


def _stream_faults(document: Document) -> tuple[Diagnostic, ...]:
    """Say what is wrong with the declared streams.

    The reader of declarations compiles their conditions, which takes time to
    load: a document without declarations does without it.
    """
    if not isinstance(document.root.get("x-streams"), dict):
        return ()
    diagnosing = import_module("headgate.contract.diagnosing")
    faults: tuple[Diagnostic, ...] = diagnosing.diagnose_streams(document)
    return faults


def _plan(language: Language, api: Api, document: Document) -> Package:
    """Plan one language; its module is imported only when it is asked for."""
    planner = import_module(f"headgate.plan.{language}")
    package: Package = planner.plan(api, document.config)
    return surrounded(package, api, document.config)


def write_packages(generated: Generated, folder: Path) -> dict[Language, Changes]:
    """Write every package to its own folder below `folder`."""
    return {
        language: write(folder / language, files)
        for language, files in generated.files.items()
    }


def compare_packages(generated: Generated, folder: Path) -> dict[Language, Changes]:
    """Say how the folders differ from what was rendered."""
    return {
        language: compare(folder / language, files)
        for language, files in generated.files.items()
    }
