"""Manifests and read-mes keep their form, whatever the texts in them say."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from markdown_it import MarkdownIt

from tests.hostile.generating import Files, Pair

TEXTS = {
    *("name", "version", "description", "license", "author", "authors"),
    *("repository", "Repository", "url"),
}
"""The keys below which a manifest may hold a document's text."""
COMMENT = re.compile(r"\A<!-- [^<>]*(?:\\[<>][^<>]*)*-->\n?\Z")
"""A comment alone: nothing in it could end it."""


def shape(value: Any, *, text: bool = False) -> Any:
    """A value with the texts that may come from a document left out."""
    if isinstance(value, dict):
        return [(key, shape(it, text=key in TEXTS)) for key, it in value.items()]
    if isinstance(value, list):
        return [shape(item, text=text) for item in value]
    return "…" if text and isinstance(value, str) else value


def manifests(files: Files) -> dict[str, Any]:
    """The packages' manifests, read and with their texts left out."""
    readers: dict[str, Any] = {".toml": tomllib.loads, ".json": json.loads}
    return {
        path: shape(reader(content.decode()))
        for suffix, reader in readers.items()
        for path, content in files.items()
        if path.endswith(suffix)
    }


def blocks(files: Files) -> dict[str, list[str]]:
    """The block structure and the raw HTML of each Markdown file."""
    reader = MarkdownIt("commonmark").enable("table")
    return {
        path: [
            f"{token.type} {COMMENT.sub('', token.content)}"
            if "html" in token.type
            else token.type
            for outer in reader.parse(content.decode())
            for token in (outer, *(outer.children or ()))
            if "html" in token.type or token is outer
        ]
        for path, content in files.items()
        if path.endswith(".md")
    }


def links(files: Files) -> set[str]:
    """What the Markdown files link to."""
    reader = MarkdownIt("commonmark").enable("table")
    return {
        str(token.attrs.get("href") or token.attrs.get("src"))
        for path, content in files.items()
        if path.endswith(".md")
        for outer in reader.parse(content.decode())
        for token in outer.children or ()
        if token.type in {"link_open", "image"}
    }


def test_manifests_have_one_form(pairs: list[Pair]) -> None:
    """Names, dependencies, scripts and files are those of the benign package."""
    assert [manifests(p.hostile) for p in pairs] == [manifests(p.benign) for p in pairs]


def test_readmes_have_one_form(pairs: list[Pair]) -> None:
    """The blocks of each read-me are those of the benign package's; HTML too."""
    unlike = set[tuple[int, str]]()
    for number, pair in enumerate(pairs):
        found, wanted = blocks(pair.hostile), blocks(pair.benign)
        unlike |= {(number, path) for path in found if found[path] != wanted[path]}

    assert unlike == set()


def test_readmes_link_nowhere_else(pairs: list[Pair]) -> None:
    """No text becomes a link that runs a script, or an image that is loaded."""
    assert [links(p.hostile) for p in pairs] == [links(p.benign) for p in pairs]
