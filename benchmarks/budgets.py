"""What ours promises to cost, and whether a run's figures keep to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

_TIMES = "\N{MULTIPLICATION SIGN}"

Kind = Literal["faster", "within", "below", "least"]


@dataclass(frozen=True)
class Line:
    """One promise: our figure against a peer's, or against a number.

    `faster`: the peer's figure is at least `bound` times ours. `within`: ours is at
    most `bound` times the peer's. `below`: ours is at most `bound`, whatever the
    peer's. `least`: ours, of which more is better, is at least `bound` times theirs.
    """

    what: str
    unit: str
    ours: float
    kind: Kind
    bound: float
    peer: str
    theirs: float
    aim: float | None = None
    """A bound that is not promised, but worked for."""

    @property
    def measured(self) -> float:
        """The figure that the bound speaks of."""
        match self.kind:
            case "faster":
                return self.theirs / self.ours
            case "within" | "least":
                return self.ours / self.theirs
            case "below":
                return self.ours

    @property
    def used(self) -> float:
        """The part of the budget that is used up; more than one breaks it."""
        if self.kind in {"faster", "least"}:
            return self.bound / self.measured
        if self.bound == 0:
            return float(self.measured > 0)
        if self.kind == "within" and self.theirs <= 0:
            # Less than nothing is what a clock cannot tell, and no measure of ours.
            return math.inf if self.ours > 0 else 0.0
        return self.measured / self.bound

    @property
    def is_met(self) -> bool:
        """Whether the budget is kept."""
        return self.used <= 1

    @property
    def budget(self) -> str:
        """The bound as the table writes it."""
        sign = "≥" if self.kind in {"faster", "least"} else "≤"
        return f"{sign} {self.bound:g}{self.measure}"

    @property
    def is_aim_met(self) -> bool:
        """Whether the figure is as good as it is meant to become."""
        return self.aim is None or replace(self, bound=self.aim).is_met

    @property
    def aim_told(self) -> str:
        """The aim as the table writes it, and whether it is met."""
        if self.aim is None:
            return ""
        told = replace(self, bound=self.aim).budget
        return f"{told}: {'yes' if self.is_aim_met else 'no'}"

    @property
    def result(self) -> str:
        """The measured figure as the table writes it."""
        return f"{number(self.measured)}{self.measure}"

    @property
    def measure(self) -> str:
        """What follows the bound and the measured figure."""
        if self.kind != "below":
            return _TIMES
        return f" {self.unit}" if self.unit else ""


def number(value: float) -> str:
    """A figure with three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
