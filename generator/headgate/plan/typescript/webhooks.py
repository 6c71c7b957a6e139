"""The module of webhooks: the body of each, and what checks and reads one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import doc_comment, identifier, string
from headgate.names import Scope, pascal, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import Entry, open_object, union_alias
from headgate.plan.typescript.names import RESERVED_WORDS, TAKEN_TYPES

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.plan.typescript.names import Names

WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class WebhookType:
    """The body of one webhook."""

    docs: Code
    alias: Code


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """The module of webhooks."""

    header: Code
    imports: tuple[Code, ...]
    types: tuple[WebhookType, ...]
    body: Code
    scheme: Code


def plan_webhooks(api: Api, names: Names, header: Code) -> WebhooksPage:
    """Plan the types of all webhooks, and how they are signed."""
    imports = Imports(WEBHOOKS)
    types = Types(api, names, imports)
    written = {each.id: types.write(each.type) for each in api.webhooks}
    taken = {each.name.text for each in names.types.values()}
    scope = Scope(reserved=RESERVED_WORDS | TAKEN_TYPES | taken | {"WebhookBody"})
    aliases: list[WebhookType] = []
    bodies: list[Code] = []
    for each in api.webhooks:
        words = pascal(split_words(each.name))
        name = identifier(scope.claim(f"{words}Webhook", "Webhook"))
        aliases.append(
            WebhookType(
                docs=doc_comment(each.docs.text, deprecated=each.docs.deprecated),
                alias=union_alias(name, [written[each.id]]),
            )
        )
        bodies.append(name)
    scheme = api.webhook_scheme
    entries = [
        Entry(fixed("id"), string(scheme.id_header)),
        Entry(fixed("timestamp"), string(scheme.timestamp_header)),
        Entry(fixed("signature"), string(scheme.signature_header)),
    ]
    for used in ("WebhookHeaders", "WebhookOptions", "WebhookScheme", "WebhookSecrets"):
        imports.runtime_type("webhooks", used)
    imports.runtime("webhooks", "unwrapped")
    imports.runtime("webhooks", "verify")
    return WebhooksPage(
        header=header,
        types=tuple(aliases),
        body=union_alias(fixed("WebhookBody"), bodies),
        scheme=assembled("const scheme: WebhookScheme = {};", open_object(entries, 0)),
        imports=imports.lines(),
    )
