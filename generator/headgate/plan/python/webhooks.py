"""`webhooks.py`: the requests that the API makes, verified and typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, string
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import Atom, alternatives, inside, lines

if TYPE_CHECKING:
    from headgate.plan.python.context import Context

EVENT = "WebhookEvent"
"""The name of the union of all that is received."""


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """The module of the webhooks."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    event: Code
    event_docs: Code
    names: tuple[Code, ...]


def webhooks_page(context: Context) -> WebhooksPage:
    """Plan the module."""
    imports = Imports()
    for module, used in (
        ("collections.abc", "Mapping"),
        ("collections.abc", "Sequence"),
        ("typing", "Annotated"),
        ("typing", "TypeAlias"),
        ("._runtime.models", "Unknown"),
        ("._runtime.models", "Untagged"),
        ("._runtime.webhooks", "TOLERANCE"),
        ("._runtime.webhooks", "WebhookHeaders"),
        ("._runtime.webhooks", "unwrapped"),
        ("._runtime.webhooks", "verify"),
    ):
        imports.use(module, used)
    writer = context.writer(imports, package=".")
    types = [writer.expr(each.type, "received") for each in context.api.webhooks]
    union = alternatives(*types, Atom(fixed("Unknown")))
    head = fixed("WebhookEvent: TypeAlias = Annotated[")
    event = lines([head, *inside(union, 4, ","), fixed("    Untagged(),"), fixed("]")])
    scheme = context.api.webhook_scheme
    listed = "\n".join(f"- `{each.name}`" for each in context.api.webhooks)
    return WebhooksPage(
        header=context.header,
        imports=imports.groups(),
        event=event,
        event_docs=docstring(["What the API may tell:", listed], 0),
        names=(
            assembled("id={}", string(scheme.id_header)),
            assembled("timestamp={}", string(scheme.timestamp_header)),
            assembled("signature={}", string(scheme.signature_header)),
        ),
    )
