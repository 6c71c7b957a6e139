"""``web_search`` and ``web_fetch`` over the offline index."""

from typing import Literal

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.tools import index


class WebSearch:
    """Finds pages by their words."""

    name = "web_search"
    effect_class: Literal["read"] = "read"

    async def call(self, arguments: JsonObject, config: JsonObject) -> list[JsonObject]:
        """One text block a page: title, address and the start of its text."""
        query = _text_argument(arguments, "query")
        found = index.search(query, config=config)
        if not found:
            return [{"type": "text", "text": "No page matches."}]
        return [
            {"type": "text", "text": f"{page.title}\n{page.url}\n{page.text[:200]}"}
            for page in found
        ]


class WebFetch:
    """Reads one page."""

    name = "web_fetch"
    effect_class: Literal["read"] = "read"

    async def call(self, arguments: JsonObject, config: JsonObject) -> list[JsonObject]:
        """The page as one text block in the format asked for."""
        page = await index.fetch(_text_argument(arguments, "url"), config=config)
        return [
            {"type": "text", "text": _formatted(page, config.get("format", "markdown"))}
        ]


def _formatted(page: index.WebPage, style: str) -> str:
    match style:
        case "html":
            return f"<h1>{page.title}</h1><p>{page.text}</p>"
        case "text":
            return f"{page.title}\n\n{page.text}"
        case _:
            return f"# {page.title}\n\n{page.text}"


def _text_argument(arguments: JsonObject, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise GatewayError(
            "validation_failed", f"The tool needs a text {name!r}.", param=name
        )
    return value
