"""What an answer says in its headers is read by declared properties."""

from __future__ import annotations

import pytest

from headgate_sdk import DeclaredHeaders, Headgate, NotFoundError
from tests.python.raw_server import answer, raw_server


def test_answers_and_errors_tell_their_headers() -> None:
    """Each has a property of its type; one that was not sent is None."""
    told = {"x_input_tokens": "12", "x_headgate_cache": "HIT"}
    body = {"object": "list", "data": []}
    scripts = [[answer(200, body, **told)], [answer(404, {}, **told)]]
    with (
        raw_server(*scripts) as server,
        Headgate(base_url=server.url, api_key="none") as client,
    ):
        models = client.models.list()
        with pytest.raises(NotFoundError) as caught:
            client.models.list()

    for headers in (models.http_response.headers, caught.value.headers):
        declared = DeclaredHeaders(headers)
        assert declared.x_input_tokens == 12
        assert declared.x_headgate_cache == "HIT"
        assert declared.x_headgate_upstream is None
