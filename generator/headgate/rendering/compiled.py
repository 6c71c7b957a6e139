"""Compiled templates kept beside their sources, as Python keeps its own (PEP 3147).

To compile them costs a fifth of a second, as much as all planning.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class CompiledTemplates(BytecodeCache):
    """Reads and writes compiled templates; a folder that cannot be written is no error.

    `options` names all that the compiled text depends on beside its source.
    """

    def __init__(self, options: bytes) -> None:
        self._options = options

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Give the template's own path: that is where its compiled form belongs."""
        return filename or name

    def get_source_checksum(self, source: str) -> str:
        """Give what changes with the source and with the options."""
        return hashlib.sha256(self._options + source.encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what was compiled before; another version's or source's is dropped."""
        with suppress(OSError):
            bucket.bytecode_from_string(_place(bucket).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; whoever reads meanwhile sees all of it or nothing."""
        if sys.dont_write_bytecode:
            return
        place = _place(bucket)
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            written = place.with_name(f"{place.name}.{os.getpid()}")
            written.write_bytes(bucket.bytecode_to_string())
            written.replace(place)


def _place(bucket: Bucket) -> Path:
    return Path(cache_from_source(bucket.key))
