"""What the drivers saw, judged and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from headgate.faults.expectation import Wrong

COLUMNS: tuple[Wrong, ...] = (
    "lost",
    "duplicated",
    "hung",
    "leaked",
    "ending",
    "content",
    "requests",
)
"""What can be wrong with a case."""

_KEPT = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that went wrong, with enough to look into it."""

    case: str
    scenario: str
    wrong: Mapping[Wrong, str]
    requests: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """Counts of cases and of what was wrong, and the first failures in full."""

    cases: int = 0
    events: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    scenarios: Counter[str] = field(default_factory=Counter[str])
    failures: list[Failure] = field(default_factory=list[Failure])

    def add(self, scenario: str, events: int) -> None:
        """Count a case."""
        self.cases += 1
        self.events += events
        self.scenarios[scenario] += 1

    def fail(self, failure: Failure) -> None:
        """Count what was wrong with a case."""
        self.counts.update(failure.wrong.keys())
        if len(self.failures) < _KEPT:
            self.failures.append(failure)

    def as_json(self) -> dict[str, Any]:
        """The report for a program."""
        return {
            "cases": self.cases,
            "events": self.events,
            "wrong": {column: self.counts[column] for column in COLUMNS},
            "scenarios": dict(self.scenarios),
            "failures": [asdict(failure) for failure in self.failures],
        }


def table(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table: a line for each report, by its name."""
    head = ("", "cases", "events", *COLUMNS)
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, report in reports.items():
        wrong = report["wrong"]
        numbers = [report["cases"], report["events"], *(wrong[c] for c in COLUMNS)]
        cells = " | ".join(f"{number:,}" for number in numbers)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)
