"""Read one stream with one vendor's Python SDK: `vendor.py NAME URL`.

Prints JSON: how many events came and how the loop ended; `hangs` after 15 seconds.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

MESSAGES: Any = [{"role": "user", "content": "Say something."}]
PATIENCE = 3.0
WATCHDOG = 15


class Hangs(BaseException):
    """The watchdog's time is over."""


def stop(*_: object) -> NoReturn:
    """End the wait."""
    raise Hangs


def openai(url: str) -> Iterable[Any]:
    """Chat completions of openai."""
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key="key", timeout=PATIENCE)
    return client.chat.completions.create(model="m", messages=MESSAGES, stream=True)


def anthropic(url: str) -> Iterable[Any]:
    """Messages of anthropic."""
    from anthropic import Anthropic

    client = Anthropic(base_url=url, api_key="key", timeout=PATIENCE)
    return client.messages.create(
        model="m", messages=MESSAGES, max_tokens=100, stream=True
    )


def cohere(url: str) -> Iterable[Any]:
    """Chat of cohere."""
    from cohere import ClientV2

    client = ClientV2(base_url=url, api_key="key", timeout=PATIENCE)
    return client.chat_stream(model="m", messages=MESSAGES)


def mistral(url: str) -> Iterable[Any]:
    """Chat of mistralai."""
    from mistralai.client import Mistral

    client = Mistral(server_url=url, api_key="key", timeout_ms=int(PATIENCE * 1000))
    return client.chat.stream(model="m", messages=MESSAGES)


VENDORS = {
    "openai": openai,
    "anthropic": anthropic,
    "cohere": cohere,
    "mistral": mistral,
}


def main() -> None:
    """Run from the command line."""
    name, url = sys.argv[1:]
    count, ending = 0, "complete"
    signal.signal(signal.SIGALRM, stop)
    try:
        stream = VENDORS[name](url)
        signal.alarm(WATCHDOG)
        for _ in stream:
            count += 1
    except Hangs:
        ending = "hangs"
    except Exception as error:
        kind = type(error)
        own = kind.__module__.split(".")[0]
        ending = f"{own}.{kind.__name__}"
    print(json.dumps({"events": count, "ending": ending}))


if __name__ == "__main__":
    main()
