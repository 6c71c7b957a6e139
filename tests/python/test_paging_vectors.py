"""Lists are read as the shared vectors state, over real connections."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from headgate_sdk import HeadgateError
from tests.python.raw_server import answer, raw_answer, raw_server
from tests.python.shared_vectors import Case, check_keys, read_cases
from tests.python.twins import TWINS, Twin


def script_of(page: dict[str, Any], item: dict[str, Any]) -> bytes:
    """What the server answers for a vector's page."""
    check_keys(page, "ids", "has_more", "last_id", "status", "json", "body")
    if "body" in page:
        return raw_answer(page["status"], page["body"].encode())
    if "status" in page:
        return answer(page["status"], page["json"])
    ids = page["ids"]
    body = {
        "object": "list",
        "data": [{**item, "id": id_} for id_ in ids],
        "has_more": page["has_more"],
        "first_id": ids[0] if ids else None,
        "last_id": page["last_id"],
    }
    return answer(200, body)


def walk(twin: Twin, url: str, vector: dict[str, Any]) -> tuple[list[str], Any]:
    """The ids that the list delivers, and the error that ends it, if one does."""
    take = vector.get("take")
    found: list[str] = []

    def listed(client):
        options = vector.get("options")
        return client.admin.keys.list(**vector["query"], options=options)

    def blocking(client):
        for key in listed(client):
            found.append(key.id)
            if len(found) == take:
                break

    async def awaiting(client):
        async with aclosing(aiter(listed(client))) as keys:
            async for key in keys:
                found.append(key.id)
                if len(found) == take:
                    break

    try:
        twin.call(url, awaiting if twin.is_async else blocking)
    except HeadgateError as error:
        return found, error
    return found, None


@pytest.mark.parametrize("twin", TWINS, ids=repr)
@pytest.mark.parametrize("case", read_cases("paging"), ids=lambda case: case.label)
def test_list(case: Case, twin: Twin) -> None:
    """Requests, items and the end are those of the vector."""
    vector, expect = case.vector, case.vector["expect"]
    check_keys(vector, "name", "note", "query", "options", "pages", "take", "expect")
    check_keys(expect, "requests", "items", "end")
    scripts = [[script_of(page, case.shared["item"])] for page in vector["pages"]]
    with raw_server(*scripts) as server:
        found, error = walk(twin, server.url, vector)

    assert expect["items"] == found
    asked = [dict(parse_qsl(urlsplit(each.target).query)) for each in server.requests]
    wanted = expect["requests"]
    assert [_texts(each["query"]) for each in wanted] == asked
    for request, each in zip(server.requests, wanted, strict=True):
        for name, value in each.get("headers", {}).items():
            assert value == request.headers[name.lower()]
    check_end(expect["end"], error)


def _texts(query: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}


def check_end(end: dict[str, Any], error: Any) -> None:
    check_keys(end, "complete", "error", "code", "raw")
    if "complete" in end:
        assert error is None
        return
    assert end["error"] == type(error).__name__
    for name in set(end) - {"error"}:
        assert end[name] == getattr(error, name)
