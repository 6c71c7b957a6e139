"""How each provider fares: its breaker, its last outcomes, its calls in flight."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import Literal, TypeAlias

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.dispatch.breaker import Breaker, State, Threshold
from headgate_gateway.dispatch.terms import OwnBreakers
from headgate_gateway.errors import GatewayError
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.upstream import UpstreamProvider

Status: TypeAlias = Literal["healthy", "degraded", "unhealthy", "unknown"]

_OUTCOMES = 50
"""How many of a provider's last answers its error rate is of."""
_DEGRADED = 0.2
_TAKERS = 4096
"""Who let models take turns longest ago begins anew where more of them do."""
_OWN = 4096
"""Breakers of keys that are not well; of more, who failed longest ago begins anew."""
_FAULTS = frozenset(
    {"upstream_failed", "stream_idle_timeout", "upstream_timeout", "overloaded"}
)
_CANNOT = frozenset(
    {
        *_FAULTS,
        "provider_key_missing",
        "provider_key_rejected",
        "rate_limit_exceeded",
        "quota_exceeded",
        "circuit_open",
    }
)


class Upstream:
    """One provider as this process sees it."""

    def __init__(self, provider: str, threshold: Threshold) -> None:
        self.provider = provider
        self.breaker = Breaker(threshold)
        self.outcomes: deque[bool] = deque(maxlen=_OUTCOMES)
        """Whether the last calls were answered."""

    @property
    def error_rate(self) -> float:
        """The share of the last calls that failed by the provider's fault."""
        return self.outcomes.count(False) / len(self.outcomes) if self.outcomes else 0.0

    def status(self, now: float) -> Status:
        """The provider in one word."""
        match self.breaker.state(now):
            case "open":
                return "unhealthy"
            case "half_open":
                return "degraded"
            case _:
                if not self.outcomes:
                    return "unknown"
                return "degraded" if self.error_rate >= _DEGRADED else "healthy"


class Upstreams:
    """All providers; those in this program have no breaker, since they cannot fail."""

    def __init__(
        self, threshold: Threshold, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._clock = clock
        self._known: dict[str, Upstream] = {}
        self._own: dict[tuple[str, str], Breaker] = {}
        """The breakers of keys that are not well, by key and provider."""
        self._turns: dict[Hashable, int] = {}
        """The turns of those who took the last ones, the last of them last."""
        self.in_flight: Counter[str] = Counter()
        """Calls that are being answered, by the model's id."""

    def now(self) -> float:
        """The time that breakers go by, in seconds."""
        return self._clock()

    def of(self, provider: str) -> Upstream:
        """One provider."""
        upstream = self._known.get(provider)
        if upstream is None:
            upstream = self._known[provider] = Upstream(provider, self._threshold)
        return upstream

    def breaker(self, provider: str, own: OwnBreakers | None) -> Breaker:
        """The breaker of a provider: a key's own, or the one that others share."""
        if own is None:
            return self.of(provider).breaker
        breaker = self._own.get((own.key_id, provider))
        if breaker is None or breaker.threshold != own.threshold:
            return Breaker(own.threshold)
        return breaker

    def _keep(self, provider: str, own: OwnBreakers | None, breaker: Breaker) -> None:
        """Keep a key's breaker while there is something to know of it."""
        if own is None:
            return
        place = own.key_id, provider
        self._own.pop(place, None)
        if not breaker.is_well:
            self._own[place] = breaker
            while len(self._own) > _OWN:
                del self._own[next(iter(self._own))]

    def known(self) -> list[Upstream]:
        """The providers that were ever called, by name."""
        return [self._known[name] for name in sorted(self._known)]

    def next_turn(self, taker: Hashable) -> int:
        """Counts up for each who lets models take turns."""
        turn = self._turns.pop(taker, 0)
        self._turns[taker] = turn + 1
        while len(self._turns) > _TAKERS:
            del self._turns[next(iter(self._turns))]
        return turn

    def is_left_alone(self, resolved: Resolved, own: OwnBreakers | None) -> bool:
        """Whether the breaker of a model's provider is open."""
        if resolved.provider.id not in self._known:
            return False
        return self.breaker(resolved.provider.id, own).state(self.now()) == "open"

    def enter(self, resolved: Resolved, own: OwnBreakers | None) -> State:
        """Begin a call; 503 while the provider's breaker is open."""
        self.in_flight[resolved.id] += 1
        if not isinstance(resolved.provider, UpstreamProvider):
            return "closed"
        breaker = self.breaker(resolved.provider.id, own)
        if breaker.is_closed:
            return "closed"
        now = self.now()
        if not breaker.admits(now):
            self.in_flight[resolved.id] -= 1
            raise _circuit_open(resolved.provider.id, breaker.cooldown(now))
        return breaker.state(now)

    def leave(
        self, resolved: Resolved, own: OwnBreakers | None, error: BaseException | None
    ) -> None:
        """End a call that was begun, and take in what it tells of the provider."""
        self.in_flight[resolved.id] -= 1
        if not isinstance(resolved.provider, UpstreamProvider):
            return
        upstream = self.of(resolved.provider.id)
        breaker = self.breaker(resolved.provider.id, own)
        if error is None:
            upstream.outcomes.append(True)
            if breaker.is_well:
                return
            breaker.succeeded(self.now())
        elif is_fault(error):
            upstream.outcomes.append(False)
            breaker.failed(self.now())
        else:
            breaker.abandoned()
        self._keep(resolved.provider.id, own, breaker)


def is_fault(error: BaseException) -> bool:
    """Whether a failure is the provider's own, whoever asks.

    A refused key, a used-up rate and a request that the provider does not like are the
    caller's; nobody else is to suffer for them.
    """
    if not isinstance(error, GatewayError) or error.code not in _FAULTS:
        return False
    status = (error.details or {}).get("upstream_status", 500)
    return not 400 <= status < 500 or status == 408


def may_fall_back(error: GatewayError) -> bool:
    """Whether another model may be asked instead."""
    return error.code in _CANNOT


def _circuit_open(provider: str, wait: float) -> GatewayError:
    return GatewayError(
        "circuit_open",
        f"{provider} failed too often and is left alone for a while.",
        retry_after=math.ceil(wait) or 1,
        details={
            "upstream": provider,
            "retry_at": rfc3339(now_ms() + math.ceil(wait * 1000)),
        },
    )
