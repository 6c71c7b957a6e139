"""What a key is held to where models are asked."""

from dataclasses import dataclass

from headgate_gateway.dispatch.breaker import Threshold


@dataclass(frozen=True, slots=True)
class OwnBreakers:
    """That a key has breakers of its own, one for each provider."""

    key_id: str
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a key, and has to be known before a model is asked for it."""

    has_caps: bool = False
    """Whether there is a bound to what may be spent."""
    breakers: OwnBreakers | None = None
    """None where it shares the breakers of the gateway."""


NO_TERMS = Terms()
"""Those of most keys, and of who has none."""
