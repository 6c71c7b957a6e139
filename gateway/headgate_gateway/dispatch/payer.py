"""Who pays for a call of a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate_gateway.dispatch.breaker import State
from headgate_gateway.dispatch.money import Period, spelled
from headgate_gateway.dispatch.terms import OwnBreakers
from headgate_gateway.headers import in_header
from headgate_gateway.providers.catalogue import Resolved


@dataclass(slots=True, eq=False)
class Payer:
    """The request that a model is asked for, and what its key may still spend.

    Each of them is its own, as its request is.
    """

    request_id: str
    operation: str
    project_id: str
    key_id: str | None
    breakers: OwnBreakers | None = None
    """Those of its key; None where it shares the gateway's."""
    answered_by: Resolved | None = None
    """The model that was asked last, which is the one that answers."""
    breaker: State = "closed"
    failed: dict[str, str] = field(default_factory=dict[str, str])
    """The models that were asked before it, with the codes of their failures."""
    route: tuple[str, str] | None = None
    """How the model was chosen, and why it was this one."""
    left: Mapping[Period, int] | None = None
    """What is left of each cap since the last call was let through; None before one."""

    def answering(self, resolved: Resolved, breaker: State) -> None:
        """Note who is asked."""
        self.answered_by, self.breaker = resolved, breaker

    def headers(self) -> dict[str, str]:
        """What is left and who answers, for the answer."""
        told: dict[str, str] = {}
        if self.answered_by is not None:
            told["X-Headgate-Upstream"] = self.answered_by.provider.id
            told["X-Headgate-CB-State"] = self.breaker
        if self.failed:
            tries = [
                f"{in_header(model)} {code}" for model, code in self.failed.items()
            ]
            told["X-Headgate-Fallback"] = ", ".join(tries)
        if self.route is not None:
            told["X-Headgate-Route-Strategy"], told["X-Headgate-Route-Reason"] = (
                self.route
            )
        if not self.left:
            return told
        return told | {
            f"X-Headgate-Budget-Remaining-{period.capitalize()}": spelled(amount)
            for period, amount in self.left.items()
        }
