"""The topic of each type of a document in several files: its file's."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.types import Definition, TypeId

_PLAIN_FOLDERS: Final = frozenset({"schemas", "components", "paths"})
"""Folders whose name says nothing that a module's name should say."""


def file_topics(definitions: Mapping[TypeId, Definition]) -> dict[TypeId, str] | None:
    """Give the words of each type's topic; None where one file holds them all.

    They come in the order of the files' paths.
    """
    files = {definition.location.file for definition in definitions.values()}
    if len(files) < 2:
        return None
    root = PurePath(os.path.commonpath([PurePath(file).parent for file in files]))
    held = sorted(definitions.items(), key=lambda pair: pair[1].location.file)
    return {id_: _topic(PurePath(each.location.file), root) for id_, each in held}


def _topic(file: PurePath, root: PurePath) -> str:
    folders = file.relative_to(root).parent.parts if file.is_relative_to(root) else ()
    telling = [folder for folder in folders if folder not in _PLAIN_FOLDERS]
    return "_".join((file.stem, *telling))
