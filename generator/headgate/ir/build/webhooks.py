"""The requests that an API makes to its users: `webhooks` and `callbacks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.ir.api import Webhook
from headgate.ir.build.media import writes_json
from headgate.ir.build.reader import Node, Reader, docs_of, is_object
from headgate.names import snake, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.schemas import SchemaReader

_VERBS = frozenset({"post", "put", "patch", "get", "delete"})


@dataclass(frozen=True, slots=True)
class WebhookReader:
    """Reads what is received; types go through `schemas`."""

    reader: Reader
    schemas: SchemaReader

    def webhooks(self, operations: Iterable[RawOperation]) -> tuple[Webhook, ...]:
        """Read them all, each with a name of its own."""
        found = [
            webhook
            for name, item in self.reader.root.objects("webhooks")
            for webhook in self._item(name, item, None)
        ]
        for raw in operations:
            for name, given in raw.node.objects("callbacks"):
                callback = self.reader.resolve(given)
                for url, value in callback.value.items():
                    if is_object(value):
                        item = Node(value, callback.child(url))
                        found += self._item(name, item, raw.id)
        return tuple({webhook.id: webhook for webhook in found}.values())

    def _item(self, name: str, item: Node, operation: str | None) -> list[Webhook]:
        resolved = self.reader.resolve(item)
        found: list[Webhook] = []
        for verb, value in resolved.value.items():
            if verb in _VERBS and is_object(value):
                node = Node(value, resolved.child(verb))
                webhook = self._webhook(name, node, operation)
                if webhook is not None:
                    found.append(webhook)
        return found

    def _webhook(self, name: str, node: Node, operation: str | None) -> Webhook | None:
        request = node.value.get("requestBody")
        body = Node(request if is_object(request) else {}, node.child("requestBody"))
        contents = self.reader.resolve(body).objects("content")
        media = next((it for kind, it in contents if writes_json(kind)), None)
        if media is None:
            message = f"the webhook '{name}' has no JSON body"
            self.reader.report("webhook-left-out", message, node.pointer, "warning")
            return None
        words = snake(split_words(name)) or "webhook"
        prefix = () if operation is None else (operation,)
        payload = (*prefix, name, "payload")
        return Webhook(
            id=".".join((*prefix, name)),
            name=words,
            type=self.schemas.expression_at(media, "schema", payload),
            docs=docs_of(node.value),
            location=self.reader.locate(node.pointer),
            operation=operation,
        )
