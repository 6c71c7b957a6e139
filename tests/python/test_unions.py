"""A union's arm is found by its tag, and without one by who may lack it."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeAlias

import pytest

from headgate_sdk._runtime.models import ApiModel, Tagged, Unknown, read_json


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
