"""Logs and messages show no more than the shared vectors state."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk._runtime.redaction import Redactor
from tests.python.shared_vectors import Case, check_keys, read_cases, spread

SHOWING = {"headers": "headers", "urls": "text", "bodies": "body", "texts": "text"}


def redactor_of(case: Case) -> Redactor:
    product: dict[str, Any] = case.shared["product"]
    known = ["credential_headers", "credential_parameters", "header_prefixes"]
    check_keys(product, *known, "idempotency_header")
    parameters = [
        *product["credential_parameters"],
        *case.vector.get("credential_parameters", []),
    ]
    return Redactor(
        names=[*product["credential_headers"], *parameters],
        prefixes=product["header_prefixes"],
        shown=[product["idempotency_header"]],
        secrets=case.vector.get("secrets", []),
    )


@pytest.mark.parametrize("case", read_cases("redaction"), ids=lambda case: case.label)
def test_shown(case: Case) -> None:
    """What is given is shown so."""
    vector = case.vector
    known = ["name", "note", "given", "shown", "secrets", "credential_parameters"]
    check_keys(vector, *known)
    show = getattr(redactor_of(case), SHOWING[case.file])

    assert spread(vector["shown"]) == show(spread(vector["given"]))
