"""A small web that needs no network: pages to find and to read, always the same."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, loads

SLOW_HOST = "slow.invalid"
"""``https://slow.invalid/1500`` takes 1500 ms to answer."""
BROKEN_HOST = "broken.invalid"
"""Every page of this host fails."""

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class WebPage:
    """One page."""

    url: str
    title: str
    text: str
    page_age: str

    @property
    def host(self) -> str:
        """The page's host name."""
        return urlsplit(self.url).hostname or ""


@cache
def pages() -> tuple[WebPage, ...]:
    """All pages of the index."""
    text = (
        resources.files("headgate_gateway.tools")
        .joinpath("index.json")
        .read_text(encoding="utf-8")
    )
    return tuple(WebPage(**page) for page in loads(text))


def search(query: str, *, config: JsonObject) -> list[WebPage]:
    """The pages that share most words with ``query``, best first."""
    wanted = set(_WORD.findall(query.lower()))
    allowed = [page for page in pages() if is_allowed(page.host, config)]
    scored = [(_score(wanted, page), page) for page in allowed]
    found = sorted(scored, key=lambda item: (-item[0], item[1].url))
    limit = config.get("max_results", 5)
    return [page for score, page in found if score][:limit]


async def fetch(url: str, *, config: JsonObject) -> WebPage:
    """The page behind ``url``."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise GatewayError(
            "validation_failed", "This is not a URL.", param="url"
        ) from None
    if not is_allowed(host, config):
        raise GatewayError(
            "validation_failed", "The domain is not allowed.", param="url"
        )
    if host == BROKEN_HOST:
        raise GatewayError("upstream_failed", "The page could not be read.")
    if host == SLOW_HOST:
        return await _slow_page(url, parts.path)
    for page in pages():
        if page.url == url:
            return page
    raise GatewayError("not_found", "There is no such page in the offline index.")


def is_allowed(host: str, config: JsonObject) -> bool:
    """Whether the configuration lets a host be read."""
    allowed = config.get("allowed_domains")
    if allowed is not None and not _under_any(host, allowed):
        return False
    return not _under_any(host, config.get("blocked_domains", ()))


async def _slow_page(url: str, path: str) -> WebPage:
    digits = path.strip("/")
    milliseconds = int(digits) if digits.isdecimal() and len(digits) < 7 else 0
    await asyncio.sleep(milliseconds / 1000)
    return WebPage(url, "A slow page", f"This page took {milliseconds} ms.", "today")


def _under_any(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _score(wanted: set[str], page: WebPage) -> int:
    in_title = wanted & set(_WORD.findall(page.title.lower()))
    in_text = wanted & set(_WORD.findall(page.text.lower()))
    return 3 * len(in_title) + len(in_text)
