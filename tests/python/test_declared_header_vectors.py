"""Headers of answers are read as the shared vectors state."""

from __future__ import annotations

import httpx2
import pytest

from headgate_sdk import DeclaredHeaders, Headgate, NotFoundError
from headgate_sdk._runtime.declared import HeaderReader
from tests.python.raw_server import answer, raw_server
from tests.python.shared_vectors import Case, check_keys, read_cases

CASES = read_cases("declared-headers")
READERS = {"text", "integer", "number", "boolean", "texts"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_headers_are_read(case: Case) -> None:
    """Several lines are one value; what cannot be read is None."""
    vector = case.vector
    check_keys(case.shared, "class", "about")
    check_keys(vector, "name", "note", "kind", "lines", "value")
    assert vector["kind"] in READERS
    lines = [("X-It", line) for line in vector["lines"]]
    reader = HeaderReader(httpx2.Headers(lines))

    assert getattr(reader, f"_{vector['kind']}")("x-IT") == vector["value"]


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
