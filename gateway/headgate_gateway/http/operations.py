"""From the specification's operations to routes: method, caller, validity, handler."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate_gateway.approvals.request import PRINCIPAL
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.errors import GatewayError
from headgate_gateway.gateway import Gateway
from headgate_gateway.http.answers import Answer
from headgate_gateway.http.body import arrived_body, read_body
from headgate_gateway.http.call import Call, Handler, asker_of
from headgate_gateway.http.edge import RequestState, state_of
from headgate_gateway.http.validation import OperationValidator
from headgate_gateway.policies.subject import governed, is_subject
from headgate_gateway.principals import Authenticator, Principal
from headgate_gateway.specification import Operation

_ALSO_AT = {"/v1/messages:count-tokens": "/v1/messages/count_tokens"}
"""Paths by which Anthropic's clients ask for what is elsewhere here."""

_CHECKED_BY_HANDLER = frozenset({"admin.protocols.put"})
"""Operations that say all that is wrong with a body, with 422 and not the first 400."""


def operation_paths(
    gateway: Gateway, handlers: Mapping[str, Handler]
) -> dict[str, ASGIApp]:
    """Every path of the specification; each of its operations has a handler."""
    paths: dict[str, dict[str, _OperationEndpoint]] = {}
    for operation in gateway.specification.operations:
        endpoint = _OperationEndpoint(operation, gateway, handlers[operation.id])
        paths.setdefault(operation.path, {})[operation.method] = endpoint
    paths |= {also: paths[path] for path, also in _ALSO_AT.items()}
    return {path: PathEndpoint(methods) for path, methods in paths.items()}


class PathEndpoint:
    """All operations of one path; any other method is answered 405."""

    def __init__(self, methods: Mapping[str, ASGIApp]) -> None:
        self._methods = methods
        self._allow = ", ".join(sorted(methods))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, by the operation of its method."""
        endpoint = self._methods.get(scope["method"])
        if endpoint is None:
            raise GatewayError(
                "method_not_allowed",
                f"This path knows {self._allow}.",
                headers={"Allow": self._allow},
            )
        return endpoint(scope, receive, send)


class _OperationEndpoint:
    """Finds out who calls, checks the request, calls the handler."""

    def __init__(
        self, operation: Operation, gateway: Gateway, handler: Handler
    ) -> None:
        self._operation = operation
        self._gateway = gateway
        self._handler = handler
        self._authenticate = _authentication(gateway.authenticator, operation.schemes)
        self._is_subject = is_subject(operation.id)
        """Whether policies look at it."""

    @cached_property
    def _validator(self) -> OperationValidator:
        """Made at the first request: most gateways serve a part of the operations."""
        return OperationValidator(
            self._operation,
            self._gateway.specification,
            bodies=self._operation.id not in _CHECKED_BY_HANDLER,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, where there is room for it."""
        state = state_of(scope)
        state.operation = self._operation.id
        if not self._operation.schemes or PRINCIPAL in scope:
            # Whether the gateway is well can be asked always, and who asked for what
            # a person has approved is answered already.
            known: Principal | None = scope.get(PRINCIPAL)
            await self._serve(known, scope, receive, send)
            return
        room = self._gateway.room
        room.enter()
        try:
            principal = await self._authenticate(state.request)
            caller = principal.scope
            room.enter_for(caller)
            try:
                await self._serve(principal, scope, receive, send)
            finally:
                room.leave_for(caller)
        finally:
            room.leave()

    def _serve(
        self, principal: Principal | None, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Answer a request, and count it where its key has limits."""
        state = state_of(scope)
        if principal is not None:
            state.project_id, state.key_id = principal.project_id, principal.key_id
            state.audited = principal.kind != "admin"
            state.facts.keeps_bodies = principal.log_level != "metadata"
            state.facts.redacts = principal.log_level == "redacted"
        # What a person has approved was counted when it came.
        if PRINCIPAL not in scope and self._gateway.limits.hold(principal):
            return self._counted(principal, scope, receive, send)
        return self._answer(principal, {}, scope, receive, send)

    async def _counted(
        self, principal: Principal | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        state = state_of(scope)
        try:
            async with self._gateway.limits.held(principal, self._operation) as headers:
                await self._answer(principal, headers, scope, receive, send)
        except GatewayError as error:
            # What policies refuse is told where they do, also in mid-stream.
            if state.audited and error.code == "rate_limit_exceeded":
                asker = asker_of(state, self._operation.id)
                await self._gateway.teller.refused(asker, error)
            raise

    async def _answer(
        self,
        principal: Principal | None,
        headers: dict[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Check the request and let the handler answer it."""
        state, room = state_of(scope), self._gateway.room
        # By place, as the call: to match so many names takes as long as to keep values.
        payer = Payer(
            state.request_id, self._operation.id, state.project_id or "", state.key_id
        )
        starts = self._gateway.starts
        starts.begin(payer)
        try:
            await room.turn()
            answer = await self._handled(principal, payer, state)
        finally:
            starts.over(payer)
        state.added = {**headers, **payer.headers()}
        # Somebody waits for the first event of a stream: it goes out at once.
        if isinstance(answer, Answer):
            await room.turn()
        await answer(scope, receive, send)

    async def _handled(
        self, principal: Principal | None, payer: Payer, state: RequestState
    ) -> ASGIApp:
        """What the handler makes of a valid request."""
        operation, request = self._operation, state.request
        validator = self._validator
        parameters, body = validator.parameters(request), None
        if validator.takes_body:
            bounds = self._gateway.body_bounds
            data = arrived_body(request, bounds, state.facts)
            if data is None:
                data = await read_body(request, bounds)
            body = validator.body(request, data)
        call = Call(
            operation,
            self._gateway,
            request,
            state.request_id,
            principal,
            parameters,
            body,
            payer,
            state.facts,
        )
        await self._gateway.room.turn()
        if self._is_subject:
            return await governed(call, self._handler)
        return await self._handler(call)


def _authentication(
    authenticator: Authenticator, schemes: tuple[str, ...]
) -> Callable[[Request], Awaitable[Principal]]:
    """Finds the caller as an operation's security asks; nobody calls an open one."""
    match schemes:
        case () | ("GatewayKey",):
            return authenticator.gateway_caller
        case ("AdminKey",):
            return authenticator.admin_caller
        case _:
            raise LookupError(f"no way to authenticate {schemes}")


def metrics_endpoint(gateway: Gateway) -> ASGIApp:
    """``/metrics``, which is for the operator and not part of the specification."""
    return PathEndpoint({"GET": _Metrics(gateway)})


class _Metrics:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        state = state_of(scope)
        state.operation = "metrics"
        settings = self._gateway.settings
        if settings.metrics_key:
            self._gateway.authenticator.check(state.request, settings.metrics_key)
        elif not settings.on_loopback:
            await self._gateway.authenticator.admin_caller(state.request)
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        answer = Answer(200, self._gateway.metrics.text(), headers)
        await answer(scope, receive, send)
