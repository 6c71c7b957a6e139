"""Manifests of providers, read by callers and set by the operator."""

from collections.abc import Mapping
from typing import Any

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject
from headgate_gateway.picking import located
from headgate_gateway.providers.manifest import read_manifest

_INPUT = {"$ref": "#/components/schemas/ProtocolManifestInput"}


async def list_protocols(call: Call) -> Answer:
    """Every manifest."""
    data = [manifest.as_object() for manifest in call.gateway.protocols.all()]
    return json_answer({"object": "list", "data": data})


async def get(call: Call) -> Answer:
    """One manifest."""
    return json_answer(call.gateway.protocols.get(_provider(call)).as_object())


async def put(call: Call) -> Answer:
    """The manifest, in force; 422 with all that is wrong with it."""
    issues = _issues(call)
    if issues:
        first = issues[0]
        raise GatewayError(
            "manifest_invalid",
            f"{first['pointer'] or '/'}: {first['message']}",
            details={"issues": issues},
        )
    manifest = await call.gateway.protocols.put(_provider(call), call.body)
    return json_answer(manifest.as_object())


async def delete(call: Call) -> Answer:
    """Remove a manifest that was set."""
    if not await call.gateway.protocols.delete(_provider(call)):
        raise GatewayError("not_found", "No manifest of this provider was set.")
    return Answer(204)


async def validate(call: Call) -> Answer:
    """All that is wrong with a manifest."""
    issues = _issues(call)
    return json_answer({"valid": not issues, "issues": issues})


def _issues(call: Call) -> list[JsonObject]:
    """All that is wrong with the form, or with what has the right form."""
    validator = call.gateway.specification.validator(_INPUT)
    problems = located(validator.iter_errors(call.body))
    issues: list[JsonObject] = [
        {"pointer": problem.pointer, "message": problem.message} for problem in problems
    ]
    if issues:
        return issues
    manifest = read_manifest("", call.body)
    return [
        {"pointer": pointer, "message": f"{name} is not the manifest's to set."}
        for pointer, name in manifest.forbidden_headers
    ]


def _provider(call: Call) -> str:
    provider: Any = call.parameters["provider"]
    return str(provider)


HANDLERS: Mapping[str, Handler] = {
    "protocols.list": list_protocols,
    "protocols.get": get,
    "admin.protocols.put": put,
    "admin.protocols.delete": delete,
    "admin.protocols.validate": validate,
}
