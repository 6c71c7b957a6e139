"""A secret planted in eight places shows in no log, no error and no representation."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

from headgate_sdk import Attempt, HeadgateError, HttpResponse, Interceptor
from headgate_sdk._runtime.errors import SDKError
from tests.python.raw_server import RESET, answer, raw_server
from tests.python.samples import ASK, ERROR
from tests.python.twins import TWINS, Twin

CANARY = "canary-5d0f27-secret"
PLACES: dict[str, dict[str, Any]] = {
    "key": {"settings": {"api_key": CANARY}},
    "other key": {"settings": {"admin_key": CANARY}},
    "key of a provider": {"settings": {"provider_keys": {"groq": CANARY}}},
    "header of the client": {"settings": {"default_headers": {"X-Token": CANARY}}},
    "key of a provider for one call": {"options": {"provider_keys": {"x": CANARY}}},
    "header of one call": {"options": {"headers": {"Authorization": CANARY}}},
    "query of one call": {"options": {"query": {"api_key": CANARY}}},
    "cookie of one call": {"options": {"headers": {"Cookie": f"session={CANARY}"}}},
}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


class Shown(Interceptor):
    """Keeps what an interceptor would see if it printed what it is given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def before_request(self, attempt: Attempt) -> None:
        """Keep it."""
        self.texts.append(repr(attempt))

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """Keep both."""
        self.texts += [repr(attempt), repr(response)]

    def on_retry(self, attempt: Attempt, error: SDKError, delay: float) -> None:
        """Keep both."""
        self.texts += [repr(attempt), repr(error), str(error)]


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_stays_hidden(
    twin: Twin, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the log, not an error, not its traceback, nor what is printed shows it."""
    caplog.set_level(logging.DEBUG, logger="headgate_sdk")
    planted = PLACES[place]
    options: Any = planted.get("options")
    shown = Shown()
    seen: list[str] = []

    def create(client):
        seen.append(repr(client))
        return client.messages.create(**ASK, options=options)

    scripts = [[answer(503, {})], [RESET], [answer(401, {"error": ERROR})]]
    with raw_server(*scripts) as server, pytest.raises(HeadgateError) as raised:
        twin.call(
            server.url,
            create,
            interceptors=[shown],
            **planted.get("settings", {}),
        )

    error = raised.value
    texts = [
        *(record.getMessage() for record in caplog.records),
        *("".join(traceback.format_exception(error)), repr(error), str(error)),
        *(*shown.texts, *seen),
    ]
    sent = [request.target + str(request.headers) for request in server.requests]
    assert place == "other key" or CANARY in "".join(sent)
    assert [text for text in texts if CANARY in text] == []
