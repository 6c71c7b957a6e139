"""Policies, for the operator."""

from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.idempotency import once
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.policies.engine import decided
from headgate_gateway.policies.policy import Policy, Rule, compile_policy, compile_rules
from headgate_gateway.policies.view import View
from headgate_gateway.routes.pages import list_answer, page_request
from headgate_gateway.store.policies import policy_object


async def create(call: Call) -> Answer:
    """A new policy."""

    async def produce() -> Answer:
        compile_rules(call.body["rules"])
        row = await call.gateway.policy_store.create(_new(call.body))
        if row is None:
            raise GatewayError(
                "not_found", "There is no such project.", param="project_id"
            )
        call.gateway.policies.forget()
        headers = {"Location": f"/v1/admin/policies/{row['id']}"}
        return json_answer(policy_object(row), status=201, headers=headers)

    return await once(call, produce)


async def list_policies(call: Call) -> Answer:
    """One page of policies."""
    page = await call.gateway.policy_store.page(
        page_request(call), project_id=call.parameters.get("project_id")
    )
    return list_answer(page, policy_object)


async def get(call: Call) -> Answer:
    """One policy."""
    return json_answer(policy_object(await _own(call)))


async def replace_policy(call: Call) -> Answer:
    """A policy that is all that the body says."""
    compile_rules(call.body["rules"])
    return await _changed(call, {"scope": {}, **call.body})


async def update(call: Call) -> Answer:
    """A policy with what the body names changed."""
    if not call.body:
        return await get(call)
    return await _changed(call, call.body)


async def delete(call: Call) -> Answer:
    """Remove a policy and its versions."""
    if not await call.gateway.policy_store.delete(_id(call)):
        raise _unknown()
    call.gateway.policies.forget()
    return Answer(204)


async def versions(call: Call) -> Answer:
    """One page of what a policy was."""
    await _own(call)
    page = await call.gateway.policy_store.versions(
        page_request(call), policy_id=_id(call)
    )
    return list_answer(page, _version)


async def evaluate(call: Call) -> Answer:
    """What the policies of a project would do with a sample."""
    body = call.body
    if await call.gateway.projects.get(body["project_id"]) is None:
        raise GatewayError("not_found", "There is no such project.", param="project_id")
    rows = await call.gateway.policy_store.of_project(body["project_id"])
    if "policy_id" in body:
        rows = [row for row in rows if row["id"] == body["policy_id"]]
        if not rows:
            raise GatewayError(
                "not_found", "There is no such policy.", param="policy_id"
            )
    view = _sample(body)
    phase = _phase(body)
    policies = [compile_policy(row) for row in rows]
    asked = [one for one in policies if one.phase == phase and one.looks_at(view)]
    matches = list(decided(asked, view))
    return json_answer(
        {
            "decision": _decision(matches),
            "matches": [_match(policy, rule) for policy, rule in matches],
        }
    )


def _sample(body: JsonObject) -> View:
    request, response = body["request"], body.get("response", {})
    headers: dict[str, str] = request.get("headers", {})
    return View(
        operation=request["operation"],
        project_id=body["project_id"],
        method=request.get("method", ""),
        path=request.get("path", ""),
        headers={name.lower(): value for name, value in headers.items()},
        query=request.get("query", {}),
        body=request.get("body"),
        key_id=request.get("key_id"),
        ip=request.get("ip"),
        tool=request.get("tool"),
        status=response.get("status"),
        answer=response.get("body"),
    )


def _phase(body: JsonObject) -> str:
    if "response" in body:
        return "post"
    return "tool" if "tool" in body["request"] else "pre"


def _decision(matches: list[tuple[Policy, Rule]]) -> str:
    kinds = [
        action.kind
        for policy, rule in matches
        if policy.enforced
        for action in rule.then
    ]
    if "deny" in kinds:
        return "deny"
    return "require_approval" if "require_approval" in kinds else "allow"


def _match(policy: Policy, rule: Rule) -> JsonObject:
    return {
        "policy_id": policy.id,
        "policy_name": policy.name,
        "mode": "enforce" if policy.enforced else "shadow",
        "rule_index": rule.index,
        "actions": [action.kind for action in rule.then],
    }


async def _changed(call: Call, changes: JsonObject) -> Answer:
    row = await call.gateway.policy_store.change(
        _id(call), {**changes, "updated_at": now_ms()}
    )
    call.gateway.policies.forget()
    return json_answer(policy_object(_found(row)))


async def _own(call: Call) -> sa.RowMapping:
    return _found(await call.gateway.policy_store.get(_id(call)))


def _new(body: JsonObject) -> JsonObject:
    now = now_ms()
    return {
        "id": new_id("pol"),
        "project_id": body["project_id"],
        "name": body["name"],
        "mode": body["mode"],
        "phase": body["phase"],
        "scope": body.get("scope", {}),
        "rules": body["rules"],
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _id(call: Call) -> str:
    policy_id: str = call.parameters["policy_id"]
    return policy_id


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such policy.")


def _version(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "policy_version",
        "policy_id": row["policy_id"],
        "version": row["version"],
        "policy": row["policy"],
        "created_at": rfc3339(row["created_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.policies.create": create,
    "admin.policies.list": list_policies,
    "admin.policies.get": get,
    "admin.policies.replace": replace_policy,
    "admin.policies.update": update,
    "admin.policies.delete": delete,
    "admin.policies.versions": versions,
    "admin.policies.evaluate": evaluate,
}
