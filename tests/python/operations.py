"""Which of the document's operations the tests have called."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from inspect import signature
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from headgate_sdk import Attempt, Interceptor

#: The document, as the gateway serves it.
SPEC = Path("gateway/headgate_gateway/spec/openapi.json")
ROOT = Path(__file__).resolve().parents[2]
VERBS = ("get", "put", "post", "patch", "delete")
#: What stands for a parameter of a path.
OF_NOBODY = "of-nobody"


class Recorder(Interceptor):
    """Writes down every request, as `METHOD /path`."""

    def __init__(self) -> None:
        self.calls: set[str] = set()

    def before_request(self, attempt: Attempt) -> None:
        """Write it down."""
        self.calls.add(f"{attempt.method} {urlsplit(attempt.url).path}")


@dataclass(frozen=True)
class Declared:
    """An operation of the document."""

    #: Its id, which is where a client has it.
    name: str
    #: What its calls look like, as `METHOD /path`.
    pattern: re.Pattern[str]
    path_parameters: int
    #: The body of one of its examples.
    body: dict[str, Any]


@cache
def declared() -> list[Declared]:
    """Every operation of the document."""
    document = json.loads((ROOT / SPEC).read_text())
    return [
        _declared(document, f"{verb.upper()} {path}", item[verb])
        for path, item in document["paths"].items()
        for verb in VERBS
        if verb in item
    ]


def _declared(document: Any, call: str, operation: Any) -> Declared:
    pieces = re.split(r"\{[^}]+\}", call)
    content = operation.get("requestBody", {}).get("content", {})
    examples = content.get("application/json", {}).get("examples", {})
    example = next(iter(examples.values()), {"value": {}})
    if "$ref" in example:
        name = example["$ref"].rpartition("/")[2]
        example = document["components"]["examples"][name]
    return Declared(
        name=operation["operationId"],
        pattern=re.compile("[^/]+".join(map(re.escape, pieces))),
        path_parameters=len(pieces) - 1,
        body=example["value"],
    )


def missing(recorder: Recorder) -> list[Declared]:
    """The operations that nobody has called.

    A call is one of the operation whose path has the fewest parameters.
    """
    called = set[str]()
    for made in recorder.calls:
        fitting = [each for each in declared() if each.pattern.fullmatch(made)]
        fitting.sort(key=lambda each: each.path_parameters)
        called |= {each.name for each in fitting[:1]}
    return [each for each in declared() if each.name not in called]


def call(client: Any, operation: Declared) -> Any:
    """Call an operation by its id, with the document's example for its body."""
    made = attrgetter(operation.name)(client)
    is_whole = "body" in signature(made).parameters
    body = {"body": operation.body} if is_whole else operation.body
    given = made(*[OF_NOBODY] * operation.path_parameters, **body)
    return given.until_done() if hasattr(given, "until_done") else given
