"""Whole documents through whole packages; `make corpus` does it with all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES, Language
from tests.corpus import find_documents, own_documents
from tests.corpus.census import count
from tests.corpus.compilers import COMPILERS
from tests.corpus.programs import package_that_refuses
from tests.corpus.roundtrip import ROUND_TRIPS
from tests.corpus.samples import sample
from tests.corpus.values import Values

OWN = own_documents()
REAL = find_documents()
QUICK = {name: REAL[name] for name in REAL if name in {"opc-baseline-31", "vai-lite"}}
TRIED = [
    *(("kitchen-sink", language) for language in LANGUAGES),
    *((name, "python") for name in (*OWN, *QUICK)),
    *((name, "typescript") for name in QUICK),
]
SAMPLED = 60


@pytest.mark.parametrize("document", sorted({**OWN, **REAL}))
def test_nothing_is_left_out_in_silence(document: str) -> None:
    """Each operation and stream is in the IR or has a diagnostic at its place."""
    census = count({**OWN, **REAL}[document])

    assert census.silent == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_construct_compiles(language: Language, tmp_path: Path) -> None:
    """The strictest compilers find nothing in a document with every construct."""
    write_packages(generate(OWN["kitchen-sink"], [language]), tmp_path)

    assert COMPILERS[language](tmp_path / language) == []


@pytest.mark.parametrize(("document", "language"), sorted(set(TRIED)))
def test_values_come_back_equal(
    document: str, language: Language, tmp_path: Path
) -> None:
    """What a schema allows goes through the types of an SDK and comes out unchanged."""
    spec = {**OWN, **QUICK}[document]
    write_packages(generate(spec, [language]), tmp_path)
    samples = sample(spec, SAMPLED)

    assert samples.samples
    assert ROUND_TRIPS[language](samples, tmp_path / language) == []


def test_a_type_that_loses_a_value_is_found(tmp_path: Path) -> None:
    """A model without one of its schema's fields is told from a whole one."""
    spec = OWN["kitchen-sink"]
    package = package_that_refuses(spec, tmp_path)

    found = ROUND_TRIPS["python"](sample(spec, SAMPLED), package)

    assert any(each.startswith("ThingPage:") for each in found)


def test_values_obey_their_schema() -> None:
    """Bounds, patterns and required names hold for every value that is given out."""
    schema = {
        "type": "object",
        "required": ["n"],
        "properties": {
            "n": {"type": "integer", "minimum": 3, "maximum": 4},
            "t": {"type": "string", "pattern": "^a*$"},
        },
    }
    values = Values({"components": {"schemas": {"S": schema}}})

    made = list(values.valid("S", 4))

    assert made
    assert all(each["n"] in {3, 4} for each in made)
    assert all(set(each.get("t", "")) <= {"a"} for each in made)
