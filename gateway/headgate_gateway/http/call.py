"""One request on its way through the gateway."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp

from headgate_gateway.audit.attribution import agent_name
from headgate_gateway.audit.facts import Facts
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.drain import Signal
from headgate_gateway.events import EventSource
from headgate_gateway.gateway import Gateway
from headgate_gateway.http.edge import RequestState, state_of
from headgate_gateway.http.ending import Ending
from headgate_gateway.json import JsonObject
from headgate_gateway.principals import Principal
from headgate_gateway.providers.keys import ProviderKeys
from headgate_gateway.specification import Operation
from headgate_gateway.webhooks.telling import Asker


async def _as_it_was_made(request: JsonObject) -> JsonObject:
    return request


def _as_it_is(source: EventSource) -> EventSource:
    return source


@dataclass(slots=True)
class Call:
    """A valid request of an operation by someone who may make it."""

    operation: Operation
    gateway: Gateway
    request: Request
    request_id: str
    principal: Principal | None
    """None on open operations."""
    parameters: dict[str, Any]
    body: Any
    payer: Payer
    """For whom models are asked."""
    facts: Facts
    """What the audit log is to know of the request."""
    content: bytes | None = None
    """The body of a proxied call, where policies had to read it."""
    header_changes: Mapping[str, str | None] | None = None
    """Headers of a proxied call that policies set, or leave out where one is None."""
    whole: bool = False
    """Whether the answer has to be whole, for policies to look into."""
    asking: Callable[[JsonObject], Awaitable[JsonObject]] = _as_it_was_made
    """What policies make of a model's request that is not in the body."""
    judged: Callable[[EventSource], EventSource] = _as_it_is
    """What policies make of a model's answer on its way."""

    @property
    def caller(self) -> Principal:
        """The principal of an operation that is not open."""
        if self.principal is None:
            raise LookupError(f"{self.operation.id} is open")
        return self.principal

    @property
    def provider_keys(self) -> ProviderKeys:
        """The providers' keys that the caller brought or that are stored for it."""
        caller = self.caller
        stored = partial(
            self.gateway.vault.provider_key,
            project_id=caller.project_id,
            key_id=caller.key_id,
        )
        return ProviderKeys(self.request.headers, stored)

    @property
    def ends(self) -> Ending:
        """What ends an answer that is still made: a stop by force, or of the key."""
        return self._ending(self.gateway.drain.forced)

    @property
    def ends_late(self) -> Ending:
        """What ends an answer that goes on elsewhere: only the very end of a stop."""
        return self._ending(self.gateway.drain.cut)

    def _ending(self, stop: Signal) -> Ending:
        digest = None if self.principal is None else self.principal.digest
        return Ending(stop, self.gateway.key_watch, digest)

    @property
    def asker(self) -> Asker:
        """The request, as webhooks are told of it."""
        return asker_of(state_of(self.request.scope), self.operation.id)

    @property
    def project_id(self) -> str:
        """The caller's project."""
        return self.caller.project_id


Handler: TypeAlias = Callable[[Call], Awaitable[ASGIApp]]


def asker_of(state: RequestState, operation: str) -> Asker:
    """A request, as webhooks are told of it."""
    return Asker(
        request_id=state.request_id,
        operation=operation,
        project_id=state.project_id or "",
        key_id=state.key_id,
        agent_name=agent_name(state.request.headers),
    )
