"""Idempotency-Key: the first answer is kept, sealed, and given again."""

import hashlib
from collections.abc import Awaitable, Callable

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer
from headgate_gateway.http.call import Call
from headgate_gateway.json import canonical, dumps, loads
from headgate_gateway.sealing import seal, unseal
from headgate_gateway.store.idempotency import Claim, Earlier

REPLAYED = {"idempotent-replayed": "true"}


def claim_of(call: Call, content: bytes | None = None) -> Claim | None:
    """The claim that a request's Idempotency-Key makes, if it has one.

    Two requests are the same if they go to the same place with the same body, of which
    ``content`` are the bytes where it is no JSON.
    """
    key = call.parameters.get("Idempotency-Key")
    if key is None:
        return None
    scope = call.request.scope
    body = canonical(call.body) if content is None else content
    place: list[bytes] = [scope["path"].encode(), scope["query_string"]]
    return Claim(
        scope=call.caller.scope,
        operation=call.operation.id,
        key=key,
        fingerprint=hashlib.sha256(b"\n".join([*place, body])).digest(),
    )


def once(
    call: Call,
    produce: Callable[[], Awaitable[Answer]],
    *,
    content: bytes | None = None,
) -> Awaitable[Answer]:
    """The answer of ``produce``, or the one the first request with the key got."""
    claim = claim_of(call, content)
    return produce() if claim is None else _claimed(call, produce, claim)


async def _claimed(
    call: Call, produce: Callable[[], Awaitable[Answer]], claim: Claim
) -> Answer:
    store = call.gateway.idempotency
    earlier = await store.claim(claim)
    if earlier is not None:
        return _replay(call, claim, earlier)
    try:
        answer = await produce()
        if _is_transient(answer.status):
            await store.release(claim)
        else:
            kept = _seal(call, claim, answer)
            await store.keep(claim, status=answer.status, body=kept)
    except BaseException:
        await store.release(claim)
        raise
    return answer


def _is_transient(status: int) -> bool:
    """Whether an upstream's answer is one that clients ask again after."""
    return status in {408, 429} or status >= 500


def require_same(claim: Claim, earlier: Earlier) -> None:
    """409 when the key was used for another request."""
    if earlier.fingerprint != claim.fingerprint:
        raise GatewayError(
            "idempotency_conflict", "This Idempotency-Key was used for another request."
        )


def _replay(call: Call, claim: Claim, earlier: Earlier) -> Answer:
    require_same(claim, earlier)
    if earlier.status is None or earlier.body is None:
        raise GatewayError(
            "idempotency_in_progress",
            "The first request with this Idempotency-Key is still being answered.",
            retry_after=1,
        )
    headers, body = loads(unseal(_key(call), earlier.body, _place(claim)))
    return Answer(earlier.status, body.encode("latin-1"), {**headers, **REPLAYED})


def _seal(call: Call, claim: Claim, answer: Answer) -> bytes:
    """The answer encrypted: it may hold a secret that is shown once."""
    plain = dumps([answer.headers, answer.body.decode("latin-1")])
    return seal(_key(call), plain, _place(claim))


def _place(claim: Claim) -> bytes:
    return dumps([claim.scope, claim.operation, claim.key])


def _key(call: Call) -> bytes:
    return call.gateway.hasher.derive(b"idempotency")
