"""Every operation called through the SDKs against a server made from the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.pipeline import generate, write_packages
from tests.corpus import SMALL, find_documents, own_documents
from tests.corpus.callers import CALLERS, differences
from tests.corpus.exchanges import exchanges
from tests.corpus.programs import package_that_refuses

OWN = own_documents()
REAL = find_documents()
TRIED = {**OWN, **{name: REAL[name] for name in SMALL if name in REAL}}
QUICK = {"kitchen-sink", "vai-lite"}
"""What is called in Rust too: each crate takes long to build, and `make corpus` builds
them all."""
UNMADE = {
    "getUserList": "a query parameter that may only be null",
    "post /types/unions/duplicate-types": "one of two schemas that are the same",
}
"""Operations of the corpus that no valid value can be given to, and why."""


@pytest.mark.parametrize("document", TRIED)
def test_every_operation_has_an_exchange(document: str) -> None:
    """Valid arguments and a valid answer are made for each that can have them."""
    missed = {each.partition(":")[0] for each in exchanges(TRIED[document]).missed}

    assert missed <= UNMADE.keys()


@pytest.mark.parametrize(
    ("document", "client"),
    [
        (document, client)
        for document in TRIED
        for client in CALLERS
        if client != "rust" or document in QUICK
    ],
)
def test_every_operation_is_called_and_decoded(
    document: str, client: str, tmp_path: Path
) -> None:
    """What is sent arrives where and as the document says; the answer comes back."""
    caller = CALLERS[client]
    write_packages(generate(TRIED[document], [caller.language]), tmp_path)
    package = tmp_path / caller.language

    assert differences(exchanges(TRIED[document]), package, caller) == []


def test_a_request_that_goes_astray_is_found(tmp_path: Path) -> None:
    """An SDK with a wrong path and a wrong header is told from a right one."""
    spec = OWN["kitchen-sink"]
    write_packages(generate(spec, ["python"]), tmp_path)
    (package,) = (tmp_path / "python" / "src").iterdir()
    for file, right, wrong in (
        ("_operations.py", 'path="/things/{thing.id}"', 'path="/thing/{thing.id}"'),
        ("resources/things.py", '"X-Trace"', '"X-Track"'),
    ):
        text = (package / file).read_text("utf-8")
        assert right in text
        (package / file).write_text(text.replace(right, wrong), "utf-8")

    found = differences(exchanges(spec), tmp_path / "python", CALLERS["python"])

    assert any(each.startswith("deleteThing: path /thing/") for each in found)
    assert any("header parameter X-Trace" in each for each in found)


def test_an_answer_that_is_decoded_wrongly_is_found(tmp_path: Path) -> None:
    """A model that refuses what the document allows is told from a right one."""
    spec = OWN["kitchen-sink"]
    package = package_that_refuses(spec, tmp_path)

    found = differences(exchanges(spec), package, CALLERS["python"])

    assert any(each.startswith("listThings: ResponseDecodeError") for each in found)
