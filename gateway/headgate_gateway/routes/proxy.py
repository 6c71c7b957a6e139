"""Calls of REST APIs: by the name of a service, or of the key's own upstream."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa
from starlette.types import ASGIApp, Message, Receive

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer
from headgate_gateway.http.body import read_body
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.outbound.client import Outgoing
from headgate_gateway.policies.asking import is_approved
from headgate_gateway.proxying.exchange import (
    LimitedBody,
    ProxiedAnswer,
    kept_answer,
)
from headgate_gateway.proxying.headers import changed, open_to_view, to_upstream
from headgate_gateway.proxying.paths import path_as_sent
from headgate_gateway.proxying.target import Target

_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods whose calls are sent again if the connection breaks."""
_LONGEST_REPEATED = 64 * 1024
_PASSTHROUGH = ("x-upstream-authorization", "x-real-authorization")
METHODS = ("get", "post", "put", "patch", "delete")


async def to_service(call: Call) -> ASGIApp:
    """What a service of the caller's project answers."""
    return await _proxied(call, await _service_target(call))


async def to_own_upstream(call: Call) -> ASGIApp:
    """What the key's own upstream answers."""
    return await _proxied(call, await _own_target(call))


async def _proxied(call: Call, target: Target) -> ASGIApp:
    gateway = call.gateway
    if not (is_approved(call) and _brings_its_own(call)):
        # What a person agreed to is left to the next process, but that has not got
        # the credential that came with it.
        gateway.drain.refuse_new_work()
    call.facts.upstream = target.name
    request = _outgoing(call, target)
    bounds = gateway.body_bounds
    if "Idempotency-Key" in call.parameters or call.whole:
        return await _kept(call, target, request)
    body = None
    if call.content is not None:
        request = replace(request, body=call.content or None)
    elif _has_body(call):
        bounds.check_declared(call.request)
        declared = call.request.headers.get("content-length", "")
        is_short = declared.isdecimal() and int(declared) <= _LONGEST_REPEATED
        if call.operation.method in _REPEATABLE and is_short:
            # It is kept, to be sent again if the connection breaks.
            content = await read_body(call.request, bounds)
            request = replace(request, body=content or None)
            return _passed_on(call, request, target, body=None)
        body = LimitedBody(call.request.receive, bounds)
        request = replace(request, body=aiter(body))
    return _passed_on(call, request, target, body=body)


def _passed_on(
    call: Call, request: Outgoing, target: Target, *, body: LimitedBody | None
) -> ProxiedAnswer:
    gateway = call.gateway
    return ProxiedAnswer(
        gateway.outbound,
        request,
        target,
        body=body,
        ends_on=call.ends,
        stalled_reader=gateway.settings.stalled_reader,
    )


async def _kept(call: Call, target: Target, request: Outgoing) -> Answer:
    """The answer, kept for the Idempotency-Key and given again."""
    content = call.content
    if content is None:
        content = await read_body(call.request, call.gateway.body_bounds)

    async def produce() -> Answer:
        whole = replace(request, body=content or None)
        return await while_waited_for(
            _who_waits(call),
            kept_answer(call.gateway.outbound, whole, target),
            unless=call.ends,
        )

    return await once(call, produce, content=content)


def _who_waits(call: Call) -> Receive:
    """Tells when nobody wants the answer any more.

    A caller that leaves asks again with its Idempotency-Key: what the upstream has
    been told to do is not done a second time, but its answer kept until then.
    """
    is_kept = "Idempotency-Key" in call.parameters
    return _nobody_leaves if is_kept else call.request.receive


async def _nobody_leaves() -> Message:
    await asyncio.Event().wait()
    raise LookupError("never reached")


def _has_body(call: Call) -> bool:
    headers = call.request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _outgoing(call: Call, target: Target) -> Outgoing:
    headers = to_upstream(
        call.request.headers,
        also=target.request_headers,
        request_id=call.request_id,
    )
    length = call.request.headers.get("content-length", "")
    if call.content is not None:
        headers = changed(headers, call.header_changes or {})
    elif length.isdecimal():
        headers["content-length"] = length
    is_masked = target.mask() is not None
    if call.content is not None or is_masked:
        headers = open_to_view(headers, answer=call.whole or is_masked)
    return Outgoing(
        method=call.operation.method,
        url=target.url(_path(call), call.request.scope["query_string"]),
        headers={**headers, **_authorization(call, target)},
    )


def _path(call: Call) -> str:
    raw: bytes = call.request.scope.get("raw_path") or b""
    decoded: str = call.parameters["path"]
    return path_as_sent(raw, call.operation.path, decoded=decoded)


def _authorization(call: Call, target: Target) -> dict[str, str]:
    """The caller's own credential for the upstream, or the stored one."""
    for name in _PASSTHROUGH:
        if name in call.request.headers:
            return {"authorization": call.request.headers[name]}
    return target.credential_headers()


async def _service_target(call: Call) -> Target:
    name: str = call.parameters["service"]
    allowed = call.caller.allowed_services
    row = None
    if allowed is None or name in allowed:
        row = await call.gateway.services.named(name, project_id=call.project_id)
    if row is None or not row["is_active"]:
        raise GatewayError("service_not_found", "There is no such service.")
    methods: list[str] | None = row["allowed_methods"]
    if methods is not None and call.operation.method not in methods:
        raise GatewayError(
            "scope_missing", f"The service takes no {call.operation.method}."
        )
    return await _with_credential(
        call,
        Target(
            name=name,
            base_url=row["base_url"],
            request_headers=tuple(row["request_headers"]),
            response_headers=tuple(row["response_headers"]),
        ),
        row["credential_id"],
    )


async def _own_target(call: Call) -> Target:
    caller = call.caller
    if caller.upstream_url is None:
        raise GatewayError("no_upstream", "The key has no upstream of its own.")
    target = Target(name="upstream", base_url=caller.upstream_url)
    return await _with_credential(call, target, caller.credential_id)


async def _with_credential(
    call: Call, target: Target, credential_id: str | None
) -> Target:
    if credential_id is None or _brings_its_own(call):
        return target
    row: sa.RowMapping | None = await call.gateway.credentials.get(credential_id)
    if row is None:
        raise GatewayError("credential_missing", "The credential is gone.")
    return replace(
        target,
        injection=row["injection"],
        secret=call.gateway.vault.open_for(row, target.base_url),
    )


def _brings_its_own(call: Call) -> bool:
    return any(name in call.request.headers for name in _PASSTHROUGH)


HANDLERS: Mapping[str, Handler] = {
    **{f"proxy.services.{method}": to_service for method in METHODS},
    **{f"proxy.upstream.{method}": to_own_upstream for method in METHODS},
}
