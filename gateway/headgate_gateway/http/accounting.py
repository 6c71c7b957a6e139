"""What an answer cost, as headers beside it."""

import time
from dataclasses import dataclass, field
from decimal import Decimal

from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.headers import in_header
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.prices import cost_of


@dataclass(slots=True)
class Accounting:
    """Begun with the answer of one model."""

    resolved: Resolved
    payer: Payer | None = None
    """Knows which model answered, where others may take the place of the first."""
    _began: float = field(default_factory=time.perf_counter)

    def headers(
        self, usage: JsonObject, *, cost: Decimal | None = None
    ) -> dict[str, str]:
        """The headers for a ``Usage``; ``cost`` where it is not the usage's price."""
        answered = self._answered()
        total = usage["input_tokens"] + usage["output_tokens"]
        headers = {
            "X-Model": in_header(answered.id),
            "X-Input-Tokens": str(usage["input_tokens"]),
            "X-Output-Tokens": str(usage["output_tokens"]),
            "X-Total-Tokens": str(total),
            "X-Duration-Ms": str(round((time.perf_counter() - self._began) * 1000)),
        }
        priced = cost_of(answered.model, usage) if cost is None else cost
        if priced is not None:
            headers["X-Cost-USD"] = written(priced)
        return headers

    def _answered(self) -> Resolved:
        answered = None if self.payer is None else self.payer.answered_by
        return self.resolved if answered is None else answered


def written(amount: Decimal) -> str:
    """A decimal without an exponent and without zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
