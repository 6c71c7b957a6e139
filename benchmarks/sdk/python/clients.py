"""The same streaming call through each Python SDK. Imports happen when one is used."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

QUESTION: list[Any] = [{"role": "user", "content": "Tell me about tea."}]
MODEL = "example-model-1"

Opened = Callable[[], Iterable[Any]]
AIOHTTP = "headgate-aiohttp"
"""The async client, which is in none of the tables of blocking ones."""


def headgate_chat(base_url: str, http: Any = None) -> Opened:
    """Ours, generated from the document of OpenAI's chunks."""
    from chat_sdk import Chat

    client = Chat(base_url=base_url, http_client=http)
    return lambda: client.chat.completions.stream(model=MODEL, messages=QUESTION)


@asynccontextmanager
async def headgate_aiohttp(
    base_url: str,
) -> AsyncIterator[Callable[[], AsyncIterable[Any]]]:
    """Ours, async, over aiohttp, in one event loop."""
    from chat_sdk import AiohttpTransport, AsyncChat

    async with AsyncChat(base_url=base_url, http_client=AiohttpTransport()) as client:
        yield lambda: client.chat.completions.stream(model=MODEL, messages=QUESTION)


def headgate_messages(base_url: str, http: Any = None) -> Opened:
    """Ours, of this repository's own specification."""
    from headgate_sdk import Headgate

    client = Headgate(base_url=base_url, api_key="none", http_client=http)
    return lambda: client.messages.stream(model=MODEL, messages=QUESTION)


def openai(base_url: str, http: Any = None) -> Opened:
    """OpenAI's own."""
    from openai import OpenAI

    client = OpenAI(base_url=base_url, api_key="none", http_client=http)
    return lambda: client.chat.completions.create(
        model=MODEL, messages=QUESTION, stream=True
    )


def anthropic(base_url: str, http: Any = None) -> Opened:
    """Anthropic's own."""
    from anthropic import Anthropic

    client = Anthropic(base_url=base_url, api_key="none", http_client=http)
    return lambda: client.messages.create(
        model=MODEL, messages=QUESTION, max_tokens=64, stream=True
    )


CLIENTS = {
    "headgate-chat": headgate_chat,
    "headgate-messages": headgate_messages,
    "openai": openai,
    "anthropic": anthropic,
}
