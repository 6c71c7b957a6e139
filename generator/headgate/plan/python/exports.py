"""The `__init__.py` files: what the package shows, imported when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled
from headgate.encoding.python import docstring, dotted, string
from headgate.ir.types import Alias
from headgate.plan.python.client import requests_options_home, settable_server
from headgate.plan.python.content import content_functions
from headgate.plan.python.context import Context
from headgate.plan.python.definitions import sides_of
from headgate.plan.python.imports import Imports, export_key
from headgate.plan.python.webhooks import EVENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.types import Definition

RUNTIME = {
    "APIConnectionError": "._runtime.errors",
    "APIError": "._runtime.errors",
    "APITimeoutError": "._runtime.errors",
    "AiohttpTransport": "._runtime.aiohttp_network",
    "ApiModel": "._runtime.models",
    "CancelToken": "._runtime.cancel",
    "ConfigurationError": "._runtime.errors",
    "AsyncPage": "._runtime.pages",
    "AsyncPages": "._runtime.pages",
    "Attempt": "._runtime.interceptors",
    "HttpResponse": "._runtime.models",
    "Interceptor": "._runtime.interceptors",
    "Page": "._runtime.pages",
    "PartialJson": "._runtime.partial_json",
    "RequestCancelledError": "._runtime.errors",
    "ResponseDecodeError": "._runtime.errors",
    "RetryPolicy": "._runtime.retry",
    "StreamClosedError": "._runtime.errors",
    "StreamForeignError": "._runtime.errors",
    "StreamGapError": "._runtime.errors",
    "StreamLimitError": "._runtime.errors",
    "StreamLimits": "._runtime.settings",
    "StreamTruncatedError": "._runtime.errors",
    "Throttle": "._runtime.throttle",
    "TimeoutOptions": "._runtime.settings",
    "WebhookVerificationError": "._runtime.errors",
    "Tracing": "._runtime.otel",
    "Unknown": "._runtime.models",
}


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """A package's `__init__.py`."""

    header: Code
    docs: Code
    lazy: Code
    imports: tuple[Code, ...]
    names: tuple[Code, ...]
    homes: tuple[Code, ...]


def root_exports(context: Context) -> ExportsPage:
    """Plan the package's root: clients, streams, errors, options."""
    home, options = requests_options_home(context)
    homes = {
        **RUNTIME,
        options: home,
        context.client: "._client",
        f"Async{context.client}": "._client",
        context.root_error: "._errors",
        **dict.fromkeys(context.errors.values(), "._errors"),
    }
    homes |= dict.fromkeys(content_functions(context), ".content")
    if context.api.surface.builders:
        homes["CallStats"] = "._runtime.stats"
    if context.api.surface.calls is not None:
        homes["RawAnswer"] = "._runtime.passing"
        homes["langchain_tool"] = homes["crewai_tool"] = "._runtime.agents"
    if any(each.refresh_url is not None for each in context.api.schemes):
        homes["RefreshToken"] = homes["RefreshedTokens"] = "._runtime.refresh"
    if context.api.headers:
        homes["DeclaredHeaders"] = ".headers"
    if context.api.surface.blocking is not None:
        homes["WaitingRequestOptions"] = "._options"
    if settable_server(context) is not None:
        homes["ServerParts"] = "._client"
    if context.api.webhooks:
        homes[EVENT] = ".webhooks"
    for names in context.streams.values():
        homes[names.stream] = f".streams.{names.module}"
        homes[names.async_stream] = f".streams.{names.module}"
    text = context.config.package.description or f"A client for {context.api.title}."
    return _page(homes, " ".join(text.split()), "._runtime.lazy", context)


def type_exports(context: Context) -> ExportsPage:
    """Plan the `types` package: every type of the API."""
    homes: dict[str, str] = {}
    for definition in emitted(context):
        module = context.types.modules[definition.id]
        for side in sides_of(definition):
            names = context.types.sent if side == "sent" else context.types.received
            homes[names[definition.id]] = f".{module}"
    return _page(homes, "Every type of the API.", ".._runtime.lazy", context)


def emitted(context: Context) -> list[Definition]:
    """Give the definitions that have a text of their own."""
    return [
        definition
        for definition in context.api.definitions.values()
        if not isinstance(definition, Alias) or definition.id in context.recursive
    ]


def _page(
    homes: Mapping[str, str], title: str, lazy: str, context: Context
) -> ExportsPage:
    imports = Imports()
    ordered = sorted(homes, key=export_key)
    for each in ordered:
        imports.use(homes[each], each)
    return ExportsPage(
        header=context.header,
        docs=docstring([title], 0),
        lazy=dotted([lazy]),
        imports=tuple(line for group in imports.groups(4) for line in group),
        names=tuple(map(string, ordered)),
        homes=tuple(
            assembled("{}: {}", string(each), string(homes[each])) for each in ordered
        ),
    )
