"""Collects diagnostics without letting a bad document drown its reader in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from headgate.errors import Diagnostic, Location, Severity

MOST_OF_A_CODE: Final = 200


class Collector:
    """Keeps the first diagnostics of each code and counts the others."""

    def __init__(self) -> None:
        self._kept: list[Diagnostic] = []
        self._counts: Counter[tuple[Severity, str]] = Counter()

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        find: Callable[[], Location],
        hint: str = "",
    ) -> None:
        """Take a diagnostic; its place is looked up only when it is kept."""
        self._counts[severity, code] += 1
        if self._counts[severity, code] <= MOST_OF_A_CODE:
            self._kept.append(Diagnostic(severity, code, message, find(), hint))

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Give what was kept; where something was not, its last one says how much."""
        last = {(it.severity, it.code): it for it in self._kept}
        unlisted = [
            Diagnostic(
                severity,
                code,
                f"{count - MOST_OF_A_CODE:,} more like this are not listed",
                last[severity, code].location,
            )
            for (severity, code), count in self._counts.items()
            if count > MOST_OF_A_CODE
        ]
        return [*self._kept, *unlisted]
