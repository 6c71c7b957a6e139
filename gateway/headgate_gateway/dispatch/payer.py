"""Who pays for a call of a model."""

from dataclasses import dataclass, field

from headgate_gateway.dispatch.money import Period, spelled


@dataclass(slots=True, kw_only=True)
class Payer:
    """The request that a model is asked for, and what its key may still spend."""

    request_id: str
    operation: str
    project_id: str
    key_id: str | None
    left: dict[Period, int] = field(default_factory=dict[Period, int])
    """What is left of each cap since the last call was let through."""

    def headers(self) -> dict[str, str]:
        """What is left, for the answer."""
        return {
            f"X-Headgate-Budget-Remaining-{period.capitalize()}": spelled(amount)
            for period, amount in self.left.items()
        }
