"""A union's arm is found by its tag, and without one by who may lack it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeAlias, Union

import pytest
from typing_extensions import TypeAliasType

from headgate_sdk._runtime.models import (
    ApiModel,
    Tagged,
    Unknown,
    Untagged,
    read_json,
)


class Finished(ApiModel):
    """An arm that requires the tag."""

    status: str
    result: str


class Waiting(ApiModel):
    """The arm that may lack it."""

    name: str
    status: str | None = None


Check: TypeAlias = Annotated[
    Finished | Waiting | Unknown,
    Tagged("status", {"completed": Finished, "queued": Waiting}, absent=Waiting),
]


@pytest.mark.parametrize(
    ("sent", "arm"),
    [
        ({"status": "completed", "result": "x"}, Finished),
        ({"name": "n", "status": "queued"}, Waiting),
        ({"name": "n"}, Waiting),
        ({"name": "n", "status": None}, Waiting),
        ({"name": "n", "status": "later"}, Unknown),
        ({"result": "x"}, Unknown),
    ],
)
def test_the_arm_is_found(sent: dict[str, Any], arm: type) -> None:
    """What fits none, or has a tag of no arm, is kept as it came."""
    read = read_json(Check, json.dumps(sent).encode())

    assert isinstance(read, arm)


class Row(ApiModel):
    """An arm that only a whole number tells."""

    kind: Literal[1]
    label: str


class Button(ApiModel):
    """Another that looks the same."""

    kind: Literal[2]
    label: str


Part: TypeAlias = Annotated[Row | Button | Unknown, Untagged()]


@pytest.mark.parametrize(
    ("sent", "arm"),
    [
        ({"kind": 1, "label": "x"}, Row),
        ({"kind": 2, "label": "x"}, Button),
        ({"kind": 3, "label": "x"}, Unknown),
        ({"label": "x"}, Unknown),
    ],
)
def test_a_whole_number_tells_the_arm(sent: dict[str, Any], arm: type) -> None:
    """What is no text is no tag, and tells arms apart all the same."""
    read = read_json(Part, json.dumps(sent).encode())

    assert isinstance(read, arm)


Number: TypeAlias = Annotated[int | bool | str | Unknown, Untagged()]
Count: TypeAlias = Annotated[int | Row | Unknown, Untagged()]


@pytest.mark.parametrize(
    ("form", "sent", "read"),
    [
        (Number, 3, 3),
        (Number, True, True),
        (Number, "3", "3"),
        (Count, 3, 3),
        (Count, "3", Unknown("3")),
        (Count, True, Unknown(raw=True)),
    ],
)
def test_a_value_is_read_as_what_it_is(form: Any, sent: object, read: object) -> None:
    """A text of digits is no number to an arm that would take one."""
    found = read_json(form, json.dumps(sent).encode())

    assert (type(found), found) == (type(read), read)


# As the generator writes a union that holds itself (tests/golden/recursion).
Tree = TypeAliasType(
    "Tree",
    Annotated[
        Union[str, float, "list[Tree]", "dict[str, Tree]", Unknown],
        Untagged(),
    ],
)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("x", "x"),
        ([1, ["a", {"b": 2.5}]], [1.0, ["a", {"b": 2.5}]]),
        ({"a": [None]}, {"a": [Unknown(None)]}),
    ],
)
def test_a_union_may_hold_itself(sent: object, read: object) -> None:
    """Each value is of an arm at every depth."""
    assert read_json(Tree, json.dumps(sent).encode()) == read
