"""Parameters are written as the shared vectors state."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk._runtime.parameters import (
    Style,
    cookie_text,
    header_text,
    path_text,
    query_text,
)
from tests.python.shared_vectors import Case, check_keys, read_cases


def written(place: str, value: Any, style: Style) -> str | None:
    match place:
        case "query":
            return query_text({"c": value}, {"c": style}) or None
        case "cookie":
            return cookie_text({"c": value}, {"c": style}) or None
        case "header":
            return None if value is None else header_text(value, style)
        case "path":
            return path_text("c", value, style)
        case _:
            raise AssertionError(f"unknown class {place}")


@pytest.mark.parametrize("case", read_cases("parameters"), ids=lambda case: case.label)
def test_written(case: Case) -> None:
    """A value is written so, wherever it stands."""
    vector = case.vector
    stated = ["name", "note", "style", "explode", "allow_reserved", "value", "written"]
    check_keys(vector, *stated)
    style = Style(
        vector["style"],
        explode=vector["explode"],
        allow_reserved=vector.get("allow_reserved", False),
    )

    assert vector["written"] == written(case.file, vector["value"], style)
