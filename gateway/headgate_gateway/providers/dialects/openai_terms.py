"""What OpenAI's two APIs say alike, or nearly so."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate_gateway.events import counts_of, is_count, usage_of
from headgate_gateway.json import JsonObject, object_at
from headgate_gateway.providers.dialects.content import function_tools
from headgate_gateway.providers.interface import ModelCall

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def tool_settings(
    call: ModelCall,
    wrapped: Callable[[JsonObject], JsonObject],
    *,
    chosen: Callable[[JsonObject], JsonObject] | None = None,
) -> JsonObject:
    """The caller's tools and the choice among them; nothing when there are none.

    ``wrapped`` gives a function the form that it has in the API, and ``chosen`` the one
    that has to be called, where that has another.
    """
    tools = function_tools(call)
    if not tools:
        return {}
    choice = call.request.get("tool_choice")
    return {
        "tools": [wrapped(_function(tool)) for tool in tools],
        **({} if choice is None else _tool_choice(choice, chosen or wrapped)),
    }


def counted(usage: JsonObject, *, asked: str, answered: str) -> JsonObject | None:
    """A ``Usage``; the API calls its two counters ``asked`` and ``answered``.

    None where one of them is no count: it is estimated then.
    """
    read, written = usage.get(f"{asked}_tokens", 0), usage.get(f"{answered}_tokens", 0)
    if not (is_count(read) and is_count(written)):
        return None
    ours = usage_of(read, written)
    if f"{asked}_tokens_details" in usage or f"{answered}_tokens_details" in usage:
        ours |= _details(usage, asked=asked, answered=answered)
    return ours


def _details(usage: JsonObject, *, asked: str, answered: str) -> JsonObject:
    """What the counters of a ``Usage`` contain, where that is told and not nothing."""
    read = object_at(usage, f"{asked}_tokens_details").get("cached_tokens")
    thought = object_at(usage, f"{answered}_tokens_details").get("reasoning_tokens")
    told = {"cache_read_tokens": read, "reasoning_tokens": thought}
    return {name: count for name, count in counts_of(told).items() if count}


def named_schema(request: JsonObject) -> JsonObject:
    """The schema that an answer has to keep to; it always has a name."""
    return {"name": "answer", **request["output_format"]["json_schema"]}


def _function(tool: JsonObject) -> JsonObject:
    kept: JsonObject = {
        name: tool[name] for name in ("description", "strict") if name in tool
    }
    return {"name": tool["name"], "parameters": tool["input_schema"], **kept}


def _tool_choice(
    choice: Mapping[str, Any], wrapped: Callable[[JsonObject], JsonObject]
) -> JsonObject:
    if choice["type"] == "tool":
        said: Any = wrapped({"name": choice["name"]})
    else:
        said = _CHOICES[choice["type"]]
    parallel = {"parallel_tool_calls": False} if choice.get("disable_parallel") else {}
    return {"tool_choice": said, **parallel}
