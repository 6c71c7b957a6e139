"""Lists as the wire shows them."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call
from headgate_gateway.json import JsonObject
from headgate_gateway.store.paging import Page, PageRequest


def page_request(call: Call) -> PageRequest:
    """The page that a request asks for."""
    asked: dict[str, Any] = {
        name: call.parameters[name]
        for name in ("limit", "after", "before", "order")
        if name in call.parameters
    }
    return PageRequest(**asked)


def list_answer(page: Page, shown: Callable[[sa.RowMapping], JsonObject]) -> Answer:
    """The list envelope with each row as ``shown``."""
    data = [shown(row) for row in page.rows]
    return json_answer(
        {
            "object": "list",
            "data": data,
            "has_more": page.has_more,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
        }
    )
