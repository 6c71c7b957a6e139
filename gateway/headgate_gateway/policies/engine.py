"""Asks the policies of a project about a request, and does what their rules say."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import structlog

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, is_object
from headgate_gateway.lookups import Lookups
from headgate_gateway.policies.changes import (
    MADE_LATER,
    redacted,
    redacted_request,
    routed,
    tools_of,
    transformed,
    with_request_part,
)
from headgate_gateway.policies.policy import Action, Policy, Rule, compile_policy
from headgate_gateway.policies.verdict import Verdict, Wanted
from headgate_gateway.policies.view import View
from headgate_gateway.store.policies import PolicyStore

UsageOfKey: TypeAlias = Callable[[str], Awaitable[JsonObject]]
"""Gives what a key has used by now, as the fields ``usage.…`` of conditions."""

_ON_THE_WAY = frozenset({"deny", "redact"})
"""What can be done about a part of an answer."""
_CHECKED_ON_ANSWERS = frozenset({"deny", "redact", "validate_schema"})
"""What a policy in shadow mode tries on an answer."""
_CHECKED_ON_REQUESTS = _CHECKED_ON_ANSWERS | {
    "rate_limit",
    "require_approval",
    "tool_scope",
    "transform",
    "override",
}
"""What it tries on a request: what refuses, and what changes what is refused."""
_CHANGING = frozenset({"redact", "transform", "override", "dynamic_route"})
"""What is done to a model's request, wherever that is made."""

_log = structlog.get_logger("headgate_gateway.policies")


class PolicyEngine:
    """The policies of all projects, compiled when they are first asked."""

    def __init__(self, store: PolicyStore, usage_of: UsageOfKey) -> None:
        self._store = store
        self._usage_of = usage_of
        self._compiled = Lookups(self._compiled_anew)
        self._turn = 0

    def forget(self) -> None:
        """Believe nothing compiled before; called when a policy changes here."""
        self._compiled.forget_all()

    def has_none(self, project_id: str) -> bool:
        """Whether a project is known to have no policies."""
        found = self._compiled.believed(project_id)
        return found is not None and not found.value

    async def of(self, view: View, phase: str) -> list[Policy]:
        """The policies of a phase that look at a request."""
        policies = await self.of_project(view.project_id)
        return [
            policy
            for policy in policies
            if policy.phase == phase and policy.looks_at(view)
        ]

    async def before(
        self, view: View, policies: list[Policy], verdict: Verdict
    ) -> None:
        """Put what may go on to the upstream into the verdict; an error for no."""
        view = await self._with_usage(view, policies)
        for policy in policies:
            seen = replace(view, body=verdict.body)
            if not policy.enforced:
                await self._try(policy, seen, verdict)
                continue
            for rule in policy.holding(seen):
                await self._enforce(policy, rule, view, verdict)

    async def after(self, view: View, policies: list[Policy], verdict: Verdict) -> Any:
        """The answer that the caller gets; an error where it may not have it."""
        answer = view.answer
        view = await self._with_usage(view, policies)
        for policy in policies:
            seen = replace(view, answer=answer)
            if not policy.enforced:
                self._try_on(answer, policy, seen, verdict)
                continue
            for rule in policy.holding(seen):
                for action in rule.then:
                    answer = self._answered(policy, rule, action, answer, verdict)
        return answer

    async def on_the_way(
        self,
        view: View,
        policies: list[Policy],
        verdict: Verdict,
        block: JsonObject | None,
    ) -> JsonObject | None:
        """A block of a streamed answer as the caller gets it; an error to end it there.

        The view holds the answer so far. Without a block it is whole, and all actions
        are due; before that only those that refuse or redact.
        """
        view = await self._with_usage(view, policies)
        for policy in policies:
            if not policy.enforced:
                part = view.answer if block is None else block
                kinds = _CHECKED_ON_ANSWERS if block is None else _ON_THE_WAY
                self._try_on(part, policy, view, verdict, kinds=kinds)
                continue
            for rule in policy.holding(view):
                for action in rule.then:
                    if block is None:
                        self._answered(policy, rule, action, view.answer, verdict)
                    elif action.kind in _ON_THE_WAY:
                        block = self._answered(policy, rule, action, block, verdict)
        return block

    async def _with_usage(self, view: View, policies: list[Policy]) -> View:
        """The view with what the key has used, if a condition asks for that."""
        if view.key_id is None or not any(policy.reads_usage for policy in policies):
            return view
        return replace(view, usage=await self._usage_of(view.key_id))

    async def of_project(self, project_id: str) -> tuple[Policy, ...]:
        """All policies of a project, as they were a moment ago at most."""
        return await self._compiled.get(project_id)

    async def _compiled_anew(self, project_id: str) -> tuple[Policy, ...]:
        rows = await self._store.of_project(project_id)
        return tuple(compile_policy(row) for row in rows)

    async def _try(self, policy: Policy, view: View, verdict: Verdict) -> None:
        """Note whether a policy in shadow mode would refuse a request.

        What it makes of the request on the way is nobody's.
        """
        trial = Verdict(view.body, approved=verdict.approved)
        try:
            for rule in policy.holding(view):
                tried = _only(rule, _CHECKED_ON_REQUESTS)
                await self._enforce(policy, tried, view, trial)
        except GatewayError:
            verdict.note(policy)
        if trial.approval is not None:
            verdict.note(policy)

    def _try_on(
        self,
        part: Any,
        policy: Policy,
        view: View,
        verdict: Verdict,
        *,
        kinds: frozenset[str] = _CHECKED_ON_ANSWERS,
    ) -> None:
        """Note whether a policy in shadow mode would refuse an answer, or a block."""
        try:
            for rule in policy.holding(view):
                for action in _only(rule, kinds).then:
                    part = self._answered(policy, rule, action, part, verdict)
        except GatewayError:
            verdict.note(policy)

    async def _enforce(
        self, policy: Policy, rule: Rule, view: View, verdict: Verdict
    ) -> None:
        for action in rule.then:
            node = action.node
            match action.kind:
                case "deny":
                    raise denied(policy, rule, node)
                case "rate_limit" if not verdict.approved:
                    await self._count(policy, rule, node, view)
                case "throttle":
                    await asyncio.sleep(node["delay_ms"] / 1000)
                case "require_approval":
                    verdict.approval = verdict.approval or Wanted(
                        policy, node.get("timeout_s", 600), node.get("fallback", "deny")
                    )
                case "tool_scope":
                    _require_tools(policy, rule, node, view, verdict.body)
                case "validate_schema":
                    _require_shape(policy, rule, action, verdict.body)
                case _:
                    self._change(policy, rule, action, view, verdict)

    def made_later(self, request: JsonObject, verdict: Verdict) -> JsonObject:
        """A model's request with what was put off until it was made."""
        for action in verdict.put_off:
            request = self._changed(action, "messages.create", request, verdict)
        return request

    def _change(
        self, policy: Policy, rule: Rule, action: Action, view: View, verdict: Verdict
    ) -> None:
        """Do what refuses nothing: change the request, or note something."""
        if action.kind not in _CHANGING:
            _tell(policy, rule, action, verdict)
            return
        if view.operation in MADE_LATER:
            verdict.put_off.append(action)
            if action.kind != "redact":
                return
        verdict.body = self._changed(action, view.operation, verdict.body, verdict)

    def _changed(
        self, action: Action, operation: str, body: Any, verdict: Verdict
    ) -> Any:
        """The body of a request as an action leaves it."""
        node = action.node
        match action.kind:
            case "redact" if node.get("direction", "both") != "response":
                return redacted_request(action, operation, body)
            case "transform":
                verdict.headers |= _header_changes(node)
                return transformed(action, operation, body) if is_object(body) else body
            case "override" if is_object(body):
                return with_request_part(operation, body, node["set_body_fields"])
            case "dynamic_route" if is_object(body):
                self._turn += 1
                strategy = node.get("strategy", "first")
                model = routed(node["models"], strategy, turn=self._turn)
                return with_request_part(operation, body, {"model": model})
            case _:
                return body

    def _answered(
        self, policy: Policy, rule: Rule, action: Action, answer: Any, verdict: Verdict
    ) -> Any:
        node = action.node
        match action.kind:
            case "deny":
                raise denied(policy, rule, node)
            case "redact" if node.get("direction", "both") != "request":
                return redacted(action, answer)
            case "validate_schema":
                if action.schema is not None and not action.schema.is_valid(answer):
                    raise GatewayError(
                        "output_validation_failed",
                        node.get("message", "The answer is not what a policy wants."),
                    )
            case _:
                _tell(policy, rule, action, verdict)
        return answer

    async def _count(
        self, policy: Policy, rule: Rule, node: JsonObject, view: View
    ) -> None:
        window_ms = node["window_s"] * 1000
        start = now_ms() // window_ms * window_ms
        subject = _subject(node.get("per", "key"), view)
        # What was counted in shadow mode is not held against anybody later.
        counter = f"{rule.index}" if policy.enforced else f"s{rule.index}"
        counted = await self._store.count(
            policy.id, rule=counter, subject=subject, window_start=start
        )
        if counted > node["max_requests"]:
            left = (start + window_ms - now_ms()) / 1000
            raise GatewayError(
                "rate_limit_exceeded",
                f"The policy {policy.name!r} allows {node['max_requests']} requests "
                f"in {node['window_s']} s.",
                retry_after=max(left, 0),
                details={
                    "limit": node["max_requests"],
                    "window": f"{node['window_s']}s",
                    "reset_at": rfc3339(start + window_ms),
                    "policy_id": policy.id,
                    "policy_name": policy.name,
                },
            )


def decided(policies: list[Policy], view: View) -> Iterator[tuple[Policy, Rule]]:
    """The rules that hold, in the order in which they would act."""
    for policy in policies:
        for rule in policy.holding(view):
            yield policy, rule


def denied(policy: Policy, rule: Rule, node: JsonObject) -> GatewayError:
    """The refusal of a rule, with the status that it chose."""
    reason = node.get("message", "A policy forbids the request.")
    return GatewayError(
        "policy_denied",
        reason,
        status=node.get("status"),
        details={
            "policy_id": policy.id,
            "policy_name": policy.name,
            "reason": reason,
            "rule_index": rule.index,
        },
    )


def _only(rule: Rule, kinds: frozenset[str]) -> Rule:
    """The rule with its actions of some kinds alone."""
    then = tuple(action for action in rule.then if action.kind in kinds)
    return replace(rule, then=then)


def _tell(policy: Policy, rule: Rule, action: Action, verdict: Verdict) -> None:
    message = action.node.get("message", "")
    match action.kind:
        case "log":
            _log.info("policy_rule", policy=policy.id, rule=rule.index, said=message)
        case "webhook" if (policy.id, rule.index) not in verdict.told:
            verdict.told.add((policy.id, rule.index))
            verdict.pointed_out.append(
                {
                    "policy_id": policy.id,
                    "policy_name": policy.name,
                    "rule_index": rule.index,
                    "message": message,
                }
            )
        case "tag":
            verdict.tags |= action.node["tags"]
        case _:
            pass


def _header_changes(node: JsonObject) -> dict[str, str | None]:
    removed: list[str] = node.get("remove_headers", [])
    given: dict[str, str] = node.get("set_headers", {})
    return {
        **{name.lower(): None for name in removed},
        **{name.lower(): value for name, value in given.items()},
    }


def _subject(per: str, view: View) -> str:
    whose = {
        "key": view.key_id,
        "agent": view.agent,
        "ip": view.ip,
        "user": view.headers.get("x-user-id"),
        "project": view.project_id,
    }
    return f"{per}:{whose.get(per) or ''}"[:200]


def _require_tools(
    policy: Policy, rule: Rule, node: JsonObject, view: View, body: Any
) -> None:
    allowed: list[str] | None = node.get("allowed_tools")
    blocked: list[str] = node.get("blocked_tools", [])
    offered = tools_of(view.operation, body) if is_object(body) else []
    for name in offered:
        if name in blocked or (allowed is not None and name not in allowed):
            message = {"message": f"The tool {name} may not be used."}
            raise denied(policy, rule, message)


def _require_shape(policy: Policy, rule: Rule, action: Action, body: Any) -> None:
    if action.schema is not None and not action.schema.is_valid(body):
        reason = action.node.get("message", "The body is not what a policy wants.")
        raise denied(policy, rule, {"message": reason})
