"""What policies made of one request."""

from dataclasses import dataclass, field
from typing import Any

from headgate_gateway.json import JsonObject
from headgate_gateway.policies.policy import Action, Policy


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person is to decide."""

    policy: Policy
    timeout_s: int
    fallback: str


@dataclass(slots=True)
class Verdict:
    """The request as it may go on, and what is known of how it came to that."""

    body: Any
    approved: bool = False
    """Whether a person has agreed to the request, which was counted when it came."""
    put_off: list[Action] = field(default_factory=list[Action])
    """What is to be done to a model's request that the operation makes later."""
    approval: Wanted | None = None
    headers: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """Headers of a proxied call that are set, or left out if None."""
    shadow: list[str] = field(default_factory=list[str])
    """The policies in shadow mode that would have refused it."""
    pointed_out: list[JsonObject] = field(default_factory=list[JsonObject])
    """Rules that webhooks are to be told of, with what they say."""
    told: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Those of them that were pointed out; a stream is looked at many times."""
    tags: JsonObject = field(default_factory=dict[str, Any])

    def note(self, policy: Policy) -> None:
        """Remember that a policy in shadow mode would have refused it."""
        if policy.id not in self.shadow:
            self.shadow.append(policy.id)
