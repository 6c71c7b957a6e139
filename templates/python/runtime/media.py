# Fixed runtime of a generated SDK: the same source in every package.
"""Pictures, sounds and other files, made ready to stand in JSON."""

from __future__ import annotations

import base64
import mimetypes
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeGuard

from .errors import ConfigurationError

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (0, b"%PDF-", "application/pdf"),
)
"""Offset, bytes, and the media type that they are the mark of."""

_SUFFIXES = {
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".webp": "image/webp",
}
"""What machines disagree about; the rest is as the standard library has it."""


def is_address(source: object) -> TypeGuard[str]:
    """Say whether a source is a web address; any other text is refused.

    A text is never taken for a file's name: what a user typed must not be able to
    name a file.
    """
    if not isinstance(source, str):
        return False
    if source.startswith(("https://", "http://")):
        return True
    raise ConfigurationError(
        "source: a text must be an http:// or https:// address; give a file as a Path"
    )


def encoded(
    source: str | Path | bytes, media_type: str | None, kinds: str
) -> tuple[str, str]:
    """Give a file's bytes in base64, and their media type.

    `kinds` is a pattern such as `image/*`. A type that is not given is guessed from
    the file's suffix, then from its first bytes.
    """
    if isinstance(source, str):
        raise ConfigurationError("source: an address cannot be sent; give its bytes")
    content = source.read_bytes() if isinstance(source, Path) else source
    found = media_type or _guessed(source, content, kinds)
    if found is None:
        raise ConfigurationError(
            f"media_type: not given, and the bytes do not show which {kinds} they are"
        )
    return base64.b64encode(content).decode("ascii"), found


def _guessed(source: Path | bytes, content: bytes, kinds: str) -> str | None:
    named = _by_suffix(source) if isinstance(source, Path) else None
    for guess in (named, _by_content(content)):
        if guess is not None and fnmatchcase(guess, kinds):
            return guess
    return None


def _by_suffix(path: Path) -> str | None:
    suffix = path.suffix.lower()
    return _SUFFIXES.get(suffix) or mimetypes.types_map.get(suffix)


def _by_content(content: bytes) -> str | None:
    for offset, mark, media_type in _MAGIC:
        if content.startswith(mark, offset):
            return media_type
    return None
