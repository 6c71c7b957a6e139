"""Plain scalars of YAML 1.2, not those of 1.1."""

from __future__ import annotations

import pytest

from headgate.document.json_values import Json
from headgate.document.yaml_text import YamlReader

CORE = {
    "no": "no",
    "off": "off",
    "y": "y",
    "012": 12,
    "0o14": 12,
    "0x1F": 31,
    "1:30": "1:30",
    "2026-11-21": "2026-11-21",
    "1_000": "1_000",
    "0b11": "0b11",
    "+1": 1,
    "-0": 0,
    ".5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "1.5E-2": 0.015,
    ".": ".",
    "1.2.3": "1.2.3",
    "~": None,
    "null": None,
    "Null": None,
    "nULL": "nULL",
    "": None,
    "true": True,
    "TRUE": True,
    "tRUE": "tRUE",
    "False": False,
    "18446744073709551616": 2**64,
    "=": "=",
    "<<": "<<",
}


@pytest.mark.parametrize(("text", "value"), CORE.items())
def test_a_plain_scalar_has_its_value_of_yaml_12(text: str, value: Json) -> None:
    """The core schema knows neither octal zeros, nor sixties, nor dates, nor `no`."""
    read = YamlReader().read(f"key: {text}\n").root

    assert isinstance(read, dict)
    assert (read["key"], type(read["key"])) == (value, type(value))


@pytest.mark.parametrize("text", CORE)
def test_a_quoted_scalar_is_a_text(text: str) -> None:
    """Quotes settle the matter."""
    assert YamlReader().read(f"'{text}'").root == text


@pytest.mark.parametrize("text", CORE)
def test_a_key_is_a_text(text: str) -> None:
    """`200:` names the status "200" and `no:` a country, quoted or not."""
    quoted = f"'{text}'" if text in ("", "<<") else text

    assert YamlReader().read(f"{quoted}: 1").root == {text: 1}
