"""The page of the webhooks: one type for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, fixed
from headgate.plan.rust import layout
from headgate.plan.rust.docs import described
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.names import claim_pascal, variant_scope
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.plan.rust.definitions import Definitions


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A webhook: what it says of itself and its variant."""

    docs: Code
    variant: Code


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """The file of the webhooks."""

    header: Code
    imports: Code
    id_header: Code
    timestamp_header: Code
    signature_header: Code
    webhooks: tuple[WebhookPage, ...]


def plan_webhooks(api: Api, definitions: Definitions, header: Code) -> WebhooksPage:
    """Plan the file."""
    imports = Imports()
    for path, name in (
        (fixed("crate::runtime::error"), fixed("Error")),
        (fixed("crate::runtime::webhooks"), fixed("Scheme")),
        (fixed("reqwest::header"), fixed("HeaderMap")),
        (fixed("serde"), fixed("Deserialize")),
        (fixed("serde_json"), fixed("Value")),
        (fixed("std::time"), fixed("Duration")),
    ):
        imports.use_code(path, name)
    names = variant_scope()
    names.claim("Unknown")
    pages: list[WebhookPage] = []
    for webhook in api.webhooks:
        type_ = definitions.types.write(webhook.type, imports, TYPES)
        name = claim_pascal(names, (webhook.name,), "Webhook")
        text = described(webhook.docs, f"`{webhook.name}`")
        variant = layout.tuple_variant(4, name, type_)
        pages.append(WebhookPage(rust.doc(text, 4), variant))
    scheme = api.webhook_scheme
    return WebhooksPage(
        header=header,
        imports=imports.lines(),
        id_header=rust.string(scheme.id_header),
        timestamp_header=rust.string(scheme.timestamp_header),
        signature_header=rust.string(scheme.signature_header),
        webhooks=tuple(pages),
    )
