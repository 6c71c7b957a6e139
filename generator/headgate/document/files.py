"""The files of a document: read once, and only from inside the root's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from headgate.document.json_marks import marks_of
from headgate.document.json_quick import NotPlainError, read_plain_json
from headgate.document.json_text import read_json
from headgate.document.json_values import Json, Tokens, follow, fragment_tokens, pointer
from headgate.document.source import Source
from headgate.document.tree import Fault, UnreadableError
from headgate.document.yaml_text import YamlReader
from headgate.errors import Diagnostic, Location

_REMOTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|\\\\")
_MOST_BYTES: Final = 256 * 1024 * 1024


class BadReferenceError(Exception):
    """A reference that leads nowhere we may go; `code` and message say why."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to: a place in a file."""

    source: Source
    tokens: Tokens

    @property
    def key(self) -> tuple[str, Tokens]:
        """Tell this target from others."""
        return self.source.name, self.tokens


class Files:
    """Reads files on demand and follows references between them.

    `typed` is the root's path as the user gave it; the names of all files in
    diagnostics are written from there.
    """

    def __init__(self, typed: Path) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.sources: dict[str, Source] = {}
        self._folder = typed.parent
        self._real_folder = os.path.realpath(typed.parent)
        self._unreadable: set[str] = set()
        self.root = self._read(typed, str(typed))

    @property
    def texts(self) -> dict[str, str]:
        """Give the text of every file read so far, for excerpts."""
        return {name: source.text for name, source in self.sources.items()}

    def replace_root(self, value: Json) -> None:
        """Take another value for the root's; its places stay those of its text."""
        if self.root is not None:
            self.root = replace(self.root, value=value)
            self.sources[self.root.name] = self.root

    def resolve(self, reference: str, source: Source) -> Target | None:
        """Find what a reference in a file leads to.

        None when the file it names has been reported already; `BadReferenceError` when
        it is the reference that is wrong.
        """
        path, _, fragment = reference.partition("#")
        if path:
            found = self._open(path, source)
            if found is None:
                return None
            source = found
        if fragment and not fragment.startswith("/"):
            return Target(source, _anchor(source, fragment))
        tokens = fragment_tokens(fragment)
        if not follow(source.value, tokens)[0]:
            raise BadReferenceError(
                "dangling-reference",
                f"nothing is at {pointer(tokens)} in {source.name}",
            )
        return Target(source, tokens)

    def _open(self, reference: str, source: Source) -> Source | None:
        if _REMOTE.match(reference):
            raise BadReferenceError(
                "remote-reference",
                f"{reference!r} is not in this folder, and nothing is downloaded",
                "copy the file beside the document and refer to it there",
            )
        name = os.path.normpath(Path(source.name).parent / unquote(reference))
        if name in self._unreadable:
            return None
        if name in self.sources:
            return self.sources[name]
        try:
            self._keep_inside(name, reference)
            exists = Path(name).is_file()
        except (OSError, ValueError):
            # A name too long, or one that holds a NUL, is no file's name.
            exists = False
        if not exists:
            raise BadReferenceError("missing-file", f"there is no file {name!r}")
        return self._read(Path(name), name)

    def _keep_inside(self, name: str, reference: str) -> None:
        real = os.path.realpath(name)
        if os.path.commonpath((self._real_folder, real)) != self._real_folder:
            raise BadReferenceError(
                "outside-folder",
                f"{reference!r} leads out of the document's folder",
                "only files beside or below the root document are read",
            )

    def _read(self, path: Path, name: str) -> Source | None:
        text = self._text(path, name)
        if text is None:
            self._unreadable.add(name)
            return None
        try:
            source, faults = _parse(text, name)
        except UnreadableError as error:
            self._unreadable.add(name)
            self._report(Source(name, text, None, 0), error.faults)
            # Kept for the excerpt, though there is no value to refer to.
            self.sources[name] = Source(name, text, None, 0)
            return None
        self.sources[name] = source
        self._report(source, faults)
        return source

    def _text(self, path: Path, name: str) -> str | None:
        try:
            if path.stat().st_size > _MOST_BYTES:
                self._refuse(name, "too-large", "the file is too large")
                return None
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._refuse(name, "missing-file", f"cannot read {name}: {reason}")
            return None
        try:
            return _decode(data)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8", "replace")
            lines = before.splitlines(keepends=True) or [""]
            line, column = len(lines), len(lines[-1]) + 1
            message = f"byte {error.start} is not {error.encoding.upper()}"
            self._refuse(name, "bad-encoding", message, line, column)
            return None

    def _refuse(
        self, name: str, code: str, message: str, line: int = 1, column: int = 1
    ) -> None:
        place = Location(name, line, column, "#")
        self.diagnostics.append(Diagnostic("error", code, message, place))

    def _report(self, source: Source, faults: Iterable[Fault]) -> None:
        for fault in faults:
            hint = fault.hint
            if fault.first is not None:
                hint = f"it stands first at line {source.at(fault.first, ()).line}"
            place = source.at(fault.offset, fault.tokens)
            self.diagnostics.append(
                Diagnostic("error", fault.code, fault.message, place, hint)
            )


def _parse(text: str, name: str) -> tuple[Source, list[Fault]]:
    if not name.lower().endswith(".json"):
        tree = YamlReader().read(text)
    else:
        try:
            return Source(name, text, read_plain_json(text), marks_of(text)), []
        except NotPlainError:
            tree = read_json(text)
    return Source(name, text, tree.root, tree.root_marks), tree.faults


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def _anchor(source: Source, name: str) -> Tokens:
    """Find the schema that an anchor names, in the order of the text."""
    waiting: list[tuple[Tokens, Json]] = [((), source.value)]
    while waiting:
        tokens, value = waiting.pop()
        if isinstance(value, dict):
            if name in (value.get("$anchor"), value.get("$dynamicAnchor")):
                return tokens
            waiting += [(((*tokens, key)), value[key]) for key in reversed(value)]
        elif isinstance(value, list):
            parts = [((*tokens, str(index)), it) for index, it in enumerate(value)]
            waiting += reversed(parts)
    raise BadReferenceError(
        "dangling-reference", f"no schema in {source.name} has the anchor {name!r}"
    )
