"""From `x-clients` to the vendors' own clients that the API also serves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headgate.ir.api import ClientKind, CompatibleClient
from headgate.ir.build.reader import docs_of

if TYPE_CHECKING:
    from headgate.ir.build.reader import Reader

_KINDS: Final[dict[str, ClientKind]] = {"openai": "openai", "anthropic": "anthropic"}
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def read_clients(reader: Reader) -> tuple[CompatibleClient, ...]:
    """Read which vendors' clients may be pointed at the API, and at what path."""
    found: list[CompatibleClient] = []
    for name, entry in reader.root.objects("x-clients"):
        kind, path = _KINDS.get(name), entry.value.get("path", "")
        if kind is None:
            known = ", ".join(sorted(_KINDS))
            message = f"'{name}' is no client that is known here: {known}"
            reader.report("unknown-client", message, entry.pointer)
        elif not isinstance(path, str) or not _PATH.fullmatch(path):
            message = f"the path of '{name}' is not of the form '/v1'"
            reader.report("unknown-client", message, entry.child("path"))
        else:
            docs, location = docs_of(entry.value), reader.locate(entry.pointer)
            found.append(CompatibleClient(kind, path, docs, location))
    return tuple(found)
