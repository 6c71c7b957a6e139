"""The message of an error that lists problems says what each of them says."""

from __future__ import annotations

import json

import pytest

from headgate_sdk._runtime.errors import ErrorFields, ErrorTree

FIELDS = ErrorFields(message="detail", problem="msg", place="loc")
MISSING = {"loc": ["body", "items", 0, "name"], "msg": "Field required"}


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ("Not found", "Not found"),
        ([MISSING], "body.items.0.name: Field required"),
        ([MISSING, {"msg": "Too long"}], "body.items.0.name: Field required; Too long"),
        (
            [{"loc": "name", "msg": "Taken"}, {"loc": "", "msg": "Old"}],
            "name: Taken; Old",
        ),
        (["One", "Two"], "One; Two"),
        ([{"loc": ["body"]}, 7, None], "the server answered with status 422"),
        ([], "the server answered with status 422"),
    ],
)
def test_each_problem_is_told(detail: object, message: str):
    """FastAPI lists what is wrong with a request, and else says a text there."""
    tree = ErrorTree(fields=FIELDS, by_code={}, by_type={}, by_status={})
    content = json.dumps({"detail": detail}).encode()
    error = tree.refused(
        status=422, headers={}, content=content, request_id=None, retry_after=None
    )

    assert (error.message, error.body) == (message, {"detail": detail})
