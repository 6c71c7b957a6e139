"""Models that are asked one after the other, until one answers."""

from collections.abc import Sequence

from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.dispatch.upstreams import may_fall_back
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved


class Tries:
    """What became of those that could not answer; whoever pays is told of them."""

    def __init__(self, payer: Payer, models: Sequence[Resolved]) -> None:
        self.models = models
        self._payer = payer
        self._failures: list[GatewayError] = []

    def failed(self, model: Resolved, error: GatewayError, *, begun: bool) -> None:
        """Let the next one be asked; raised where it may not, or something was said."""
        if begun or not may_fall_back(error):
            raise error
        self._failures.append(error)
        self._payer.failed[model.id] = error.code

    def exhausted(self) -> GatewayError:
        """The failure of the only model, or that none of several could answer."""
        failures = self._failures
        if len(failures) == 1:
            return failures[0]
        waits = [each.retry_after for each in failures if each.retry_after is not None]
        upstreams: list[JsonObject] = [
            {"model": model.id, "code": error.code}
            for model, error in zip(self.models, failures, strict=True)
        ]
        return GatewayError(
            "all_upstreams_exhausted",
            "None of the models could answer.",
            retry_after=min(waits, default=None),
            details={"upstreams": upstreams},
        )
