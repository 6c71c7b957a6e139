"""Documents spoilt in many ways, the same for the same seed."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from headgate.document import bundle, load_document
from headgate.errors import SpecError
from tests.corpus import find_documents
from tests.hostile.payloads import PAYLOADS

ROOT: Final = Path(__file__).resolve().parents[2]
MOST_PATHS: Final = 4
_HUGE: Final = "@huge@"
_NAMES: Final = (
    *("CON", "aux.txt", "../../x", "..", "__proto__", "constructor", "then", "class"),
    *("self", "Self", "r#fn", "_", "", " ", "0", "\ud800", "\ufb01eld", "名前"),
    *("$ref", "allOf", "oneOf", "type", "default", "é", "e\u0301", "A", "a", "x" * 400),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 1e308, float("inf"), float("nan"), 2**70),
    *("", "x", _HUGE, "null", [], {}, [[]], [{}], {"": {}}, [None], {"x": None}),
    *({"$ref": "#"}, {"$ref": "#/"}, {"$ref": ""}, {"$ref": "#/components/schemas"}),
    *({"$ref": "../../etc/passwd"}, {"$ref": "/etc/passwd"}, {"$ref": 7}),
    *({"$ref": "https://a.invalid/x.json"}, {"$ref": "file:///etc/passwd"}),
    *({"type": ["string", "null"]}, {"type": "nothing"}, {"enum": []}),
    *({"oneOf": []}, {"allOf": [{"$ref": "#/paths"}]}, {"not": {}}, {"const": {}}),
)


def spoilt(seed: int) -> tuple[str, str]:
    """A document by its seed: the file's name and text."""
    while True:
        try:
            return _spoilt(Random(seed))
        except RecursionError:
            # Deep values put into deep values: too deep for us, not for the reader.
            seed += 1_000_003


def _spoilt(random: Random) -> tuple[str, str]:
    document = copy.deepcopy(random.choice(originals()))
    for _ in range(random.choice((1, 1, 2, 3, 5, 8, 20))):
        _spoil(document, random)
    text = json.dumps(document).replace(f'"{_HUGE}"', "9" * 5000)
    if random.random() < 0.15:
        text = _spoil_text(text, random)
    return ("spec.yaml" if random.random() < 0.2 else "spec.json"), text


@cache
def originals() -> list[Any]:
    """The documents to begin with: those of the tests, and parts of real ones."""
    own = sorted(ROOT.glob("tests/golden/*/spec.yaml"))
    real = find_documents().values()
    read = [document for path in (*own, *real) if (document := _read(path))]
    return [_part(document) for document in read]


def _read(path: Path) -> Any:
    try:
        return bundle(load_document(path), "3.1")
    except SpecError:
        return None


def _part(document: Any) -> Any:
    """A few paths of a document, and the components that they lead to."""
    paths = dict(list(document.get("paths", {}).items())[:MOST_PATHS])
    rest = {key: value for key, value in document.items() if key != "components"}
    wanted: list[Any] = [paths, rest.get("x-streams")]
    components = document.get("components", {})
    schemes = components.get("securitySchemes", {})
    kept: dict[str, dict[str, Any]] = {"securitySchemes": schemes}
    while wanted:
        for section, name in _references(wanted.pop()):
            value = components.get(section, {}).get(name)
            if value is not None and name not in kept.setdefault(section, {}):
                kept[section][name] = value
                wanted.append(value)
    return rest | {"paths": paths, "components": kept}


def _references(value: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner
        elif isinstance(inner, str) and inner.startswith("#/components/"):
            _, _, section, name, *_ = (*inner.split("/"), "")
            found.append((section, name))
    return found


def _spoil(document: Any, random: Random) -> None:
    """Change one place of a document."""
    holder = random.choice(_holders(document))
    if isinstance(holder, list) and holder:
        _spoil_list(holder, random, document)
    elif holder:
        _spoil_object(holder, random, document)


def _spoil_list(holder: list[Any], random: Random, document: Any) -> None:
    index = random.randrange(len(holder))
    match random.randrange(3):
        case 0:
            del holder[index]
        case 1:
            holder.append(copy.deepcopy(holder[index]))
        case _:
            holder[index] = _value(random, document)


def _spoil_object(holder: dict[Any, Any], random: Random, document: Any) -> None:
    key = random.choice(list(holder))
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[random.choice(_NAMES)] = holder.pop(key)
        case 2:
            holder[_payload(random)] = holder.pop(key)
        case 3:
            holder[random.choice(_NAMES)] = copy.deepcopy(holder[key])
        case _:
            holder[key] = _value(random, document)


def _value(random: Random, document: Any) -> Any:
    match random.randrange(6):
        case 0:
            return copy.deepcopy(random.choice(_holders(document)))
        case 1:
            return _payload(random)
        case 2:
            return {"$ref": f"#/components/schemas/{_schema(random, document)}"}
        case 3 if random.random() < 0.1:
            return _deep(random.choice((50, 90, 300)))
        case _:
            return copy.deepcopy(random.choice(_VALUES))


def _payload(random: Random) -> str:
    return random.choice(PAYLOADS).hostile("fuzz")


def _schema(random: Random, document: Any) -> str:
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    return random.choice([*schemas]) if isinstance(schemas, dict) and schemas else "X"


def _deep(levels: int) -> Any:
    value: Any = {"type": "string"}
    for _ in range(levels):
        value = {"type": "object", "properties": {"x": value}}
    return value


def _holders(document: Any) -> list[Any]:
    """Every object and list of a document that holds something."""
    found: list[Any] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list) and value:
            found.append(value)
            waiting += value.values() if isinstance(value, dict) else value
    return found or [document]


def _spoil_text(text: str, random: Random) -> str:
    at, end = sorted(random.randrange(len(text) + 1) for _ in range(2))
    wild = random.choice('{}[]",:&*!|>#\0\ufeff\u2028\t')
    match random.randrange(5):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + wild + text[at:]
        case 2:
            return text[:at] + text[min(end, at + 40) :]
        case 3:
            return text[:end] + text[at : at + 200] + text[end:]
        case _:
            number = random.choice(("NaN", "1e999", "-0", "0x1", "&a [*a]"))
            return text[:at] + number + text[at:]
