"""Lists continue at an offset, by number or by a link, and end as they say."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_sdk import HttpResponse, Page, ResponseDecodeError
from headgate_sdk._runtime.paging import (
    Fetched,
    LastItemShape,
    LinkShape,
    NumberShape,
    OffsetShape,
    PageShape,
    next_link,
)


def walk(shape: PageShape, pages: list[Any], query: Mapping[str, Any]) -> Any:
    """Read a list over scripted pages; gives its items and what was asked for."""
    asked: list[Mapping[str, Any]] = []

    def fetch(query: Mapping[str, Any], before: frozenset[object]) -> Page[Any]:
        asked.append(query)
        body, headers = pages[len(asked) - 1]
        answer = HttpResponse(status_code=200, headers=headers, request_id=None)
        page = Fetched(body=body, answer=answer, query=query)
        seen = before | {shape.asked(query)}
        return Page(page, shape, asked=seen, fetch=lambda after: fetch(after, seen))

    return list(fetch(query, frozenset())), asked


def body(items: list[int], **fields: Any) -> tuple[Any, dict[str, str]]:
    """A page whose items stand in a field."""
    return SimpleNamespace(items=items, **fields), {}


def test_after_the_last_item() -> None:
    """The last item's key is asked for, while the page says that there is more."""
    shape = LastItemShape(items="items", more="more", key="id", parameter="after")
    items = [SimpleNamespace(id=each) for each in "abc"]
    pages: list[Any] = [
        (SimpleNamespace(items=items[:2], more=True), {}),
        (SimpleNamespace(items=items[2:], more=False), {}),
    ]
    found, asked = walk(shape, pages, {})

    assert found == items
    assert asked == [{}, {"after": "b"}]


def test_after_no_item() -> None:
    """A page that says there is more, and has no item to go on after, raises."""
    shape = LastItemShape(items="items", more="more", key="id", parameter="after")
    with pytest.raises(ResponseDecodeError, match="from where"):
        walk(shape, [body([], more=True)], {})


def test_an_offset_up_to_the_total() -> None:
    """The offset counts the items, whatever their number a page."""
    shape = OffsetShape(items="items", offset="offset", limit="limit", total="total")
    pages = [body([1, 2], total=5), body([3], total=5), body([4, 5], total=5)]
    found, asked = walk(shape, pages, {"limit": 2})

    assert found == [1, 2, 3, 4, 5]
    assert [each.get("offset") for each in asked] == [None, 2, 3]


def test_an_offset_without_a_total() -> None:
    """A page that is not full is the last; without a limit, one that is empty."""
    shape = OffsetShape(items="items", offset="offset", limit="limit")
    assert walk(shape, [body([1, 2]), body([3])], {"limit": 2})[0] == [1, 2, 3]
    assert walk(shape, [body([1]), body([])], {})[0] == [1]


def test_numbers() -> None:
    """Numbers begin where the API does, or where the caller does."""
    shape = NumberShape(items=None, page="page")
    found, asked = walk(shape, [([1], {}), ([2], {}), ([], {})], {"size": 1})
    assert found == [1, 2]
    assert [each.get("page") for each in asked] == [None, 2, 3]

    known = NumberShape(items="items", page="page", total_pages="pages", first=0)
    found, asked = walk(known, [body([1], pages=3), body([2], pages=3)], {"page": 1})
    assert found == [1, 2]
    assert [each["page"] for each in asked] == [1, 2]


def test_links() -> None:
    """The next page is asked for by the query of the link, and nothing else of it."""
    shape = LinkShape(items=None)
    link = (
        '<https://elsewhere.example/x?page=2&tag=a&tag=b>; rel="next", <?p=9>; rel=last'
    )
    found, asked = walk(shape, [([1], {"link": link}), ([2], {})], {"page": 1})

    assert found == [1, 2]
    assert asked[1] == {"page": "2", "tag": ["a", "b"]}


def test_a_list_that_goes_round_raises() -> None:
    """A link back to what was asked for raises after the page's items."""
    shape = LinkShape(items=None)
    pages = [([1], {"link": '<?page=1>; rel="next"'})] * 3
    with pytest.raises(ResponseDecodeError, match="from where"):
        walk(shape, pages, {"page": "1"})


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<a>; rel="next"', "a"),
        ("<a>;rel=next", "a"),
        ('<a>; rel="prev", <b>; title="x, y"; rel="next"', "b"),
        ('<a,b>; REL="last NEXT"', "a,b"),
        ('<a>; rel="prev"', None),
        ("a; rel=next", None),
        ("", None),
    ],
)
def test_link_headers(header: str, target: str | None) -> None:
    """The target is found by its relation, however the header is written."""
    assert target == next_link(header)


@given(header=st.text(alphabet='<>;,= "relnxt?', max_size=60))
def test_any_header_is_read(header: str) -> None:
    """No header raises, and none takes long."""
    found = next_link(header)
    assert found is None or f"<{found}>" in header
