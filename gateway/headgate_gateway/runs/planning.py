"""From a request for a run to the plan of it."""

from collections.abc import Mapping, Sequence

from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys
from headgate_gateway.runs.execution import RunPlan
from headgate_gateway.runs.limits import RunLimits
from headgate_gateway.tools.interface import ServerTool
from headgate_gateway.tools.toolbox import ToolSession


def plan_run(
    body: JsonObject,
    *,
    run_id: str,
    payer: Payer,
    resolved: Resolved,
    fallbacks: Sequence[Resolved] = (),
    tools: Mapping[str, ServerTool],
    scope: str = "",
    keys: ProviderKeys = NO_KEYS,
    carried_ms: int = 0,
) -> RunPlan:
    """The plan of a ``RunRequest``; ``carried_ms`` of its time are used up already."""
    names = list(dict.fromkeys(body.get("server_tools", ())))
    config = body.get("server_tool_config", {})
    return RunPlan(
        run_id=run_id,
        request_id=payer.request_id,
        payer=payer,
        resolved=resolved,
        fallbacks=fallbacks,
        request=body["request"],
        limits=RunLimits.of(body.get("run")),
        server_tools=names,
        tools=ToolSession(tools, names=names, config=config),
        scope=scope,
        keys=keys,
        carried_ms=carried_ms,
    )
