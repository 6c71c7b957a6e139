"""`python -m benchmarks.sdk.python.request CLIENT PORT`: CPU a whole call.

A small answer in one piece, over a connection that is already open.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import httpx2

from benchmarks.sdk.python.clients import MODEL, QUESTION
from benchmarks.sdk.python.cpu import microseconds

CALLS = 300
REPEATS = 5


def _bare(base_url: str) -> Callable[[], object]:
    """Only the HTTP library: a request with the same content, its answer as JSON."""
    client = httpx2.Client()
    body = {"model": MODEL, "messages": QUESTION}
    return lambda: client.post(f"{base_url}/chat/completions", json=body).json()


def _headgate(base_url: str) -> Callable[[], object]:
    from chat_sdk import Chat

    client = Chat(base_url=base_url)
    return lambda: client.chat.completions.create(model=MODEL, messages=QUESTION)


def _openai(base_url: str) -> Callable[[], object]:
    from openai import OpenAI

    client = OpenAI(base_url=base_url, api_key="none")
    return lambda: client.chat.completions.create(model=MODEL, messages=QUESTION)


CALLERS = {"bare": _bare, "headgate-chat": _headgate, "openai": _openai}


def main() -> None:
    """Print the microseconds of each repeat as JSON."""
    name, port = sys.argv[1:]
    call = CALLERS[name](f"http://127.0.0.1:{port}/v1")

    def calls() -> None:
        for _ in range(CALLS):
            call()

    calls()
    print(json.dumps([microseconds(calls, CALLS) for _ in range(REPEATS)]))


if __name__ == "__main__":
    main()
