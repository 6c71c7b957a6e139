"""Requests that policies look at: asked before the handler, and after it answered.

A run stays to be read. What is read of it is judged like the answer that made it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.types import ASGIApp

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.http.answers import Answer
from headgate_gateway.http.body import read_body
from headgate_gateway.http.call import Call
from headgate_gateway.json import JsonObject, dumps, is_object
from headgate_gateway.picking import pick
from headgate_gateway.policies.asking import ask, is_approved
from headgate_gateway.policies.blocks import ChatShape, MessageShape, judged
from headgate_gateway.policies.changes import MADE_LATER
from headgate_gateway.policies.content import Content, made, read_answer, read_request
from headgate_gateway.policies.engine import denied
from headgate_gateway.policies.policy import Policy
from headgate_gateway.policies.verdict import Verdict
from headgate_gateway.policies.view import Several, View
from headgate_gateway.store.runs import RunRow

_SUBJECT = frozenset(
    {
        "messages.create",
        "chat.completions.create",
        "embeddings.create",
        "runs.create",
        "runs.stream",
        *MADE_LATER,
    }
)
_PROXY = "proxy."
_WAYS_TO_RUN = {"runs.create": "/v1/runs", "runs.stream": "/v1/runs:stream"}
"""The operations that make runs, with their paths."""
_MESSAGE_REQUEST = {"$ref": "#/components/schemas/MessageRequest"}

Handler = Callable[[Call], Awaitable[ASGIApp]]


def is_subject(operation: str) -> bool:
    """Whether policies look at an operation."""
    return operation in _SUBJECT or operation.startswith(_PROXY)


def governed(call: Call, handler: Handler) -> Awaitable[ASGIApp]:
    """The handler's answer to what policies let pass of a request."""
    if call.gateway.policies.has_none(call.project_id):
        return handler(call)
    return _governed(call, handler)


async def _governed(call: Call, handler: Handler) -> ASGIApp:
    engine = call.gateway.policies
    if not await engine.of_project(call.project_id):
        return await handler(call)
    view = _view(call)
    before, after = await engine.of(view, "pre"), await engine.of(view, "post")
    if not before and not after:
        return await handler(call)
    content: Content | None = None
    if call.operation.id.startswith(_PROXY):
        content = await _content(call)
        call = replace(call, content=content.data)
        view = replace(view, body=content.value, body_size=len(content.data))
    verdict = Verdict(view.body, approved=is_approved(call))
    try:
        await engine.before(view, before, verdict)
    except GatewayError as error:
        await _remember_refusal(call, verdict, error)
        raise
    if verdict.approved:
        # A person has agreed, and nobody is asked or told of that again.
        verdict.approval = None
        verdict.pointed_out.clear()
    await _remember(call, verdict)
    if verdict.approval is not None:
        return await ask(call, verdict.approval)
    call = _changed(call, verdict, content)
    if verdict.put_off:
        call = replace(call, asking=_asking(call, verdict))
    if not after:
        return await handler(call)
    unseen = _unseen_way(call)
    if unseen is not None:
        await _refuse_unseen(call, after, verdict, unseen)
        return await handler(call)
    if _streams(call) or call.operation.id in MADE_LATER:
        return await handler(replace(call, judged=_judging(call, view, after, verdict)))
    answer = await handler(replace(call, whole=True))
    return await _judged(call, view, after, verdict, answer)


def _unseen_way(call: Call) -> str | None:
    """What a run is to do whose result the answer does not hold; None for others."""
    match call.operation.id:
        case "runs.stream":
            return "be streamed"
        case "runs.create" if call.body.get("background"):
            return "go on in the background"
        case _:
            return None


async def _refuse_unseen(
    call: Call, policies: list[Policy], verdict: Verdict, way: str
) -> None:
    """403 for a run that policies have to see, where this way they would not."""
    for policy in policies:
        if not policy.rules:
            continue
        if policy.enforced:
            message = f"A run that a policy has to see cannot {way}."
            error = denied(policy, policy.rules[0], {"message": message})
            await _remember_refusal(call, verdict, error)
            raise error
        verdict.note(policy)
    await _remember(call, verdict)


async def judged_again(call: Call, run: RunRow, answer: Answer) -> Answer:
    """The answer with a kept run's result, judged as what ``runs.create`` answers.

    By the policies of now. Of the request for the run they see the body, as it is kept;
    headers and address are those of who reads it.
    """
    verdict = Verdict(run["request"])
    for view, policies in await _looking(call, run, "runs.create"):
        answer = await _judged(call, view, policies, verdict, answer)
    return answer


async def refuse_events(call: Call, run: RunRow) -> None:
    """403 for a kept run's events where policies have to see it: events pass none."""
    verdict = Verdict(run["request"])
    for _, policies in await _looking(call, run, *_WAYS_TO_RUN):
        await _refuse_unseen(call, policies, verdict, "be followed")


async def _looking(
    call: Call, run: RunRow, *operations: str
) -> list[tuple[View, list[Policy]]]:
    """The ``post`` policies that look at a run's making, with what they see.

    They look at it as made by its own key, and as made by the one that reads it: else
    one key of a project could read what is kept from another.
    """
    engine = call.gateway.policies
    if not await engine.of_project(call.project_id):
        return []
    read = replace(
        _view(call),
        method="POST",
        body=run["request"],
        body_size=len(dumps(run["request"])),
    )
    views = [
        replace(read, operation=operation, path=_WAYS_TO_RUN[operation], key_id=key_id)
        for operation in operations
        for key_id in dict.fromkeys((run["key_id"], call.caller.key_id))
    ]
    looking = [(view, await engine.of(view, "post")) for view in views]
    return [(view, policies) for view, policies in looking if policies]


def _view(call: Call) -> View:
    scope = call.request.scope
    client = call.request.client
    return View(
        operation=call.operation.id,
        project_id=call.project_id,
        method=call.operation.method,
        path=scope["path"],
        headers=call.request.headers,
        query=_query(call),
        body=call.body,
        body_size=_size(call),
        key_id=call.caller.key_id,
        ip=client.host if client else None,
    )


def _query(call: Call) -> dict[str, Any]:
    """The parameters of the query, all values of each."""
    given = call.request.query_params
    return {
        name: values[0] if len(values) == 1 else Several(values)
        for name in given
        if (values := given.getlist(name))
    }


def _size(call: Call) -> int:
    """How many bytes the body has; one without a declared length is written again."""
    declared = call.request.headers.get("content-length", "")
    if declared.isdecimal():
        return int(declared)
    return 0 if call.body is None else len(dumps(call.body))


async def _content(call: Call) -> Content:
    """The body of a proxied call, which is passed on as policies have seen it."""
    data = await read_body(call.request, call.gateway.body_bounds)
    headers = call.request.headers
    return read_request(
        data,
        types=headers.getlist("content-type"),
        encodings=headers.getlist("content-encoding"),
    )


def _changed(call: Call, verdict: Verdict, content: Content | None) -> Call:
    """The call with what policies made of its body and headers."""
    if content is None:
        if verdict.body != call.body:
            _require_valid(call, call.operation.body or {}, verdict.body)
        return replace(call, body=verdict.body)
    data = content.changed(verdict.body)
    return replace(call, content=data, header_changes=verdict.headers)


def _require_valid(call: Call, schema: JsonObject, body: Any) -> None:
    """422 when policies made a request that does not fit its schema."""
    validator = call.gateway.specification.validator(schema)
    problem = pick(validator.iter_errors(body))
    if problem is not None:
        raise GatewayError(
            "invalid_config",
            f"A policy made the request invalid: {problem.message}",
            param=problem.param,
        )


def _asking(
    call: Call, verdict: Verdict
) -> Callable[[JsonObject], Awaitable[JsonObject]]:
    """What policies make of a model's request that its operation makes later."""

    async def asking(request: JsonObject) -> JsonObject:
        try:
            changed = call.gateway.policies.made_later(request, verdict)
            _require_valid(call, _MESSAGE_REQUEST, changed)
        except GatewayError as error:
            await _remember_refusal(call, verdict, error)
            raise
        return changed

    return asking


def _streams(call: Call) -> bool:
    return is_object(call.body) and bool(call.body.get("stream"))


def _judging(
    call: Call, view: View, policies: list[Policy], verdict: Verdict
) -> Callable[[EventSource], EventSource]:
    """What policies make of a model's answer on its way, a block at a time."""
    is_chat = call.operation.id == "chat.completions.create"
    engine = call.gateway.policies

    async def judge(answer: JsonObject, block: JsonObject | None) -> JsonObject:
        seen = replace(view, status=200, answer=answer)
        try:
            allowed = await engine.on_the_way(seen, policies, verdict, block)
        except GatewayError as error:
            await _remember_refusal(call, verdict, error)
            raise
        await _remember(call, verdict)
        return allowed or {}

    return lambda source: judged(
        source, ChatShape() if is_chat else MessageShape(), judge
    )


async def _judged(
    call: Call, view: View, policies: list[Policy], verdict: Verdict, answer: ASGIApp
) -> Answer:
    if not isinstance(answer, Answer):
        raise TypeError(f"{call.operation.id} gave no whole answer")
    engine = call.gateway.policies
    content = _answered(call, answer)
    view = replace(view, status=answer.status, answer=content.value)
    try:
        allowed = await engine.after(view, policies, verdict)
    except GatewayError as error:
        await _remember_refusal(call, verdict, error)
        raise
    await _remember(call, verdict)
    return Answer(answer.status, content.changed(allowed), answer.headers)


def _answered(call: Call, answer: Answer) -> Content:
    """An answer's body: an upstream's own, or the JSON that the gateway made."""
    if not call.operation.id.startswith(_PROXY):
        return made(answer.body)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return read_answer(
        answer.body,
        types=[headers.get("content-type", "")],
        encodings=[headers.get("content-encoding", "")],
    )


async def _remember(call: Call, verdict: Verdict) -> None:
    await _point_out(call, verdict)
    facts = call.facts
    facts.tags = {**(facts.tags or {}), **verdict.tags}
    facts.shadow_violations = list(verdict.shadow)
    if verdict.shadow:
        facts.policy_result, facts.policy_id = "shadow_deny", verdict.shadow[0]


async def _point_out(call: Call, verdict: Verdict) -> None:
    """Tell webhooks what rules want them to be told."""
    while verdict.pointed_out:
        rule = verdict.pointed_out.pop(0)
        await call.gateway.teller.matched(call.asker, rule, rule["message"])


async def _remember_refusal(call: Call, verdict: Verdict, error: GatewayError) -> None:
    await _point_out(call, verdict)
    await call.gateway.teller.refused(call.asker, error)
    call.facts.policy_result = "deny"
    call.facts.policy_id = (error.details or {}).get("policy_id")
