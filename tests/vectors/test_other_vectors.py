"""The vectors of requests, parameters, lists and redaction follow from the rules."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.vectors.reference_paging import Walk
from tests.vectors.reference_parameters import WRITERS
from tests.vectors.reference_partial_json import NOTHING, value_so_far
from tests.vectors.reference_redaction import Redactor
from tests.vectors.reference_requests import (
    GENERATED,
    SDK_HEADERS,
    Builder,
    ConfigurationError,
)
from tests.vectors.vector_files import Case, expanded, read_cases

REQUESTS = read_cases("headers")
SENT = [case for case in REQUESTS if "error" not in case.vector["expect"]]
REFUSED = [case for case in REQUESTS if "error" in case.vector["expect"]]
LISTS = read_cases("paging")
WRITTEN = read_cases("parameters")
PACED = read_cases("throttle")
SHOWN = read_cases("redaction")
GROWING = read_cases("partial-json", "objects", "lists", "literals", "texts")
BROKEN = read_cases("partial-json", "broken")
SAMPLES = {"user-agent": "headgate-sdk/0.1.0", "x-headgate-sdk": "python/0.1.0"}


def wanted_headers(case: Case) -> dict[str, Any]:
    """Every header that the vector wants, by its name in lower case."""
    wanted = {**case.document["always"], **case.vector["expect"]["headers"]}
    lower: dict[str, Any] = {}
    for name, value in wanted.items():
        lower[name.lower()] = value
    return {name: value for name, value in lower.items() if value is not None}


def is_wanted(name: str, wanted: Any, sent: str) -> bool:
    """Whether a header's value is the one that is wanted, or of its pattern."""
    if isinstance(wanted, str):
        return wanted == sent
    sample = SAMPLES.get(name, "0f8fad5b-d9cb-469f-a165-70867728950e")
    return (
        re.search(wanted["matches"], sample if sent == GENERATED else sent) is not None
    )


@pytest.mark.parametrize("case", SENT, ids=lambda case: case.label)
def test_reference_builds_the_request(case: Case) -> None:
    """Address, headers, body and repeatability are those of the rules."""
    builder = Builder(case.document, case.vector)
    request = builder.build()
    sent = {**request["headers"], "x-headgate-attempt": "1"}
    wanted = wanted_headers(case)
    expect = case.vector["expect"]

    assert expect["url"] == request["url"]
    assert expect.get("body") == request.get("body")
    assert expect.get("repeatable", builder.repeatable) == builder.repeatable
    assert set(wanted) == set(sent)
    assert [
        name for name in sent if not is_wanted(name, wanted[name], sent[name])
    ] == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.label)
def test_reference_refuses_the_request(case: Case) -> None:
    """What cannot be sent is refused by the rules."""
    with pytest.raises(ConfigurationError):
        Builder(case.document, case.vector).build()


@pytest.mark.parametrize("case", PACED, ids=lambda case: case.label)
def test_reference_waits_for_its_turn(case: Case) -> None:
    """A bucket of so many tokens, filled at the rate, gives the same turns."""
    rate, burst = case.vector["per_second"], case.vector["burst"]
    left, before, waits = burst, case.vector["asked_s"][0], []
    for asked in case.vector["asked_s"]:
        left = min(burst, left + (asked - before) * rate) - 1
        before = asked
        waits.append(max(0, -left / rate))

    assert waits == pytest.approx(case.vector["waits_s"], abs=1e-6)


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.label)
def test_reference_writes_the_parameter(case: Case) -> None:
    """Each value is written as the rules say."""
    write = WRITERS[case.document["class"]]

    assert case.vector["written"] == write(case.vector)


def test_products_are_the_same_in_every_file() -> None:
    """Each file states the same product, whose SDK headers the reference knows."""
    products = [case.document["product"] for case in REQUESTS]

    assert [products[0]] * len(products) == products
    assert products[0]["sdk_header"] in SDK_HEADERS


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.label)
def test_reference_walks_the_list(case: Case) -> None:
    """Requests, items and end are those of the rules."""
    assert case.vector["expect"] == Walk(case.vector).play()


@pytest.mark.parametrize("case", GROWING, ids=lambda case: case.label)
def test_reference_reads_json_in_pieces(case: Case) -> None:
    """The value after every character is the one that the rules leave."""
    text = case.vector["text"]
    wanted, value = [], NOTHING
    steps = {
        step["after"]: step.get("value", NOTHING) for step in case.vector["values"]
    }
    for after in range(len(text) + 1):
        value = steps.get(after, value)
        wanted.append(value)

    assert wanted == [value_so_far(text[:after]) for after in range(len(text) + 1)]
    assert case.vector["final"] == json.loads(text)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.label)
def test_broken_json_is_none(case: Case) -> None:
    """No strict reader takes the text."""
    with pytest.raises(json.JSONDecodeError):
        _strictly(case.vector["text"])


def _strictly(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise json.JSONDecodeError(name, text, 0)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case.label)
def test_reference_redacts(case: Case) -> None:
    """What is shown is what the rules leave."""
    vector, product = case.vector, case.document["product"]
    names = product["credential_headers"] + vector.get("credential_parameters", [])
    redactor = Redactor(
        names=frozenset(name.lower() for name in names),
        prefixes=tuple(name.lower() for name in product["header_prefixes"]),
        shown_names=frozenset({product["idempotency_header"].lower()}),
        secrets=tuple(vector.get("secrets", ())),
    )
    show = {"headers": redactor.headers, "bodies": redactor.body}
    shown = show.get(case.document["class"], redactor.text)(expanded(vector["given"]))

    assert expanded(vector["shown"]) == shown
