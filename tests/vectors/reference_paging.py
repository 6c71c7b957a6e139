"""A second reading of the paging rules, to check the vectors against."""

from __future__ import annotations

from typing import Any

from tests.vectors.reference_errors import read_answer
from tests.vectors.vector_files import answer_body

Json = dict[str, Any]

TRIED_AGAIN = {503}


class Walk:
    """A list that is read over scripted pages."""

    def __init__(self, vector: Json) -> None:
        self.vector = vector
        self.extra = vector.get("options", {})
        self.query = {name: str(value) for name, value in vector["query"].items()}
        self.pages = iter(vector["pages"])
        self.take = vector.get("take")
        self.requests: list[Json] = []
        self.items: list[str] = []
        self.asked: set[str] = set()

    def play(self) -> Json:
        """Walk until the end or until enough was taken."""
        end: Json = {"complete": True}
        cursor = self.query.get("after")
        while True:
            page = self._fetch(cursor)
            if "ids" not in page:
                end = _failure(page)
                break
            self.items += page["ids"]
            if self._has_enough() or not page["has_more"]:
                break
            cursor = page["last_id"]
            if cursor is None or cursor in self.asked:
                end = {"error": "ResponseDecodeError"}
                break
        items = self.items if self.take is None else self.items[: self.take]
        return {"requests": self.requests, "items": items, "end": end}

    def _has_enough(self) -> bool:
        return self.take is not None and len(self.items) >= self.take

    def _fetch(self, cursor: str | None) -> Json:
        """Ask for a page, again where the server cannot answer now."""
        after = {} if cursor is None else {"after": cursor}
        if cursor is not None:
            self.asked.add(cursor)
        request: Json = {
            "query": {**self.query, **self.extra.get("query", {}), **after}
        }
        if "headers" in self.extra:
            request["headers"] = self.extra["headers"]
        while True:
            self.requests.append(request)
            page: Json = next(self.pages)
            if page.get("status") not in TRIED_AGAIN:
                return page


def _failure(page: Json) -> Json:
    if page["status"] == 200:
        return {"error": "ResponseDecodeError", "raw": answer_body(page).decode()}
    error = read_answer({"headers": {}, **page}, now=0)
    return {"error": error["class"], "code": error["code"]}
