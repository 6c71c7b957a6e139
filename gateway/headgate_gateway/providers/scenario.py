"""The scripts that ``mock/script`` plays: their schema, and the built-in ones."""

from typing import Any, cast

import jsonschema_rs

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.picking import pick

_COUNT = {"type": "integer", "minimum": 0, "maximum": 1_000_000}
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": False}

_FAULTS: JsonObject = {
    **_OBJECT,
    "properties": {
        "turn": _COUNT,
        "http": {
            **_OBJECT,
            "required": ["status"],
            "properties": {
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "retry_after": {"type": "integer", "minimum": 0},
                "times": _COUNT,
            },
        },
        "error_after": _COUNT,
        "close_after": _COUNT,
        "stall_after": _COUNT,
        "bad_json_after": _COUNT,
        "split_utf8": {"type": "boolean"},
        "missing_usage": {"type": "boolean"},
    },
}

_TURN: JsonObject = {
    **_OBJECT,
    "properties": {
        "thinking": {"type": "string"},
        "signature": {"type": "string"},
        "text": {"type": "string"},
        "tools": {
            "type": "array",
            "items": {
                **_OBJECT,
                "required": ["name", "input"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
                    "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
                    "input": {"type": "object"},
                },
            },
        },
        "stop_reason": {"type": "string", "minLength": 1},
        "usage": {
            "type": "object",
            "required": ["input_tokens", "output_tokens"],
            "additionalProperties": {"type": "number", "minimum": 0},
        },
        "chunk": {"type": "integer", "minimum": 1, "maximum": 100_000},
        "delay_ms": {"type": "integer", "minimum": 0, "maximum": 60_000},
        "repeat": {"type": "integer", "minimum": 1, "maximum": 100_000},
    },
}

SCHEMA: JsonObject = {
    **_OBJECT,
    "required": ["turns"],
    "properties": {
        "name": {"type": "string"},
        "turns": {"type": "array", "minItems": 1, "items": _TURN},
        "faults": _FAULTS,
        "cut_after": {"type": "array", "items": {"type": "integer", "minimum": 1}},
    },
}
"""JSON Schema of a script. docs/mock-provider.md says what each part does."""

_validator = jsonschema_rs.Draft202012Validator(SCHEMA)

_PARALLEL_TOOLS = [
    {"name": "web_search", "input": {"query": "resume server-sent events"}},
    {"name": "web_fetch", "input": {"url": "https://docs.example.org/sse/resume"}},
]

SCENARIOS: dict[str, JsonObject] = {
    "text": {
        "turns": [{"text": "The sea is calm tonight. Ça va, 漢字, 🌊.", "chunk": 7}],
    },
    "thinking": {
        "turns": [
            {
                "thinking": "They want a short answer, so I give a short answer.",
                "signature": "c2lnbmVkIGJ5IHRoZSBtb2Nr",
                "text": "Forty-two.",
            }
        ],
    },
    "tools": {
        "turns": [
            {"text": "I look it up.", "tools": [_PARALLEL_TOOLS[0]], "chunk": 5},
            {"text": "A reader sends the last id it saw; the server goes on."},
        ],
    },
    "research": {
        "turns": [
            {
                "thinking": "Two sources will do: a search and the page that I know.",
                "text": "Let me look at two sources.",
                "tools": _PARALLEL_TOOLS,
                "chunk": 6,
            },
            {
                "text": "A client keeps the id of the last event it saw and sends it "
                "again; the server replays the rest. Nothing is lost or doubled.",
                "chunk": 9,
            },
        ],
    },
    "refusal": {
        "turns": [{"text": "I cannot help with that.", "stop_reason": "refusal"}]
    },
    "max_tokens": {"turns": [{"text": "And then", "stop_reason": "max_tokens"}]},
    "long": {"turns": [{"text": "wave after wave, ", "repeat": 600, "chunk": 17}]},
    "endless_tools": {
        "turns": [{"tools": [_PARALLEL_TOOLS[0]], "repeat": 1}] * 64,
    },
}
"""The scripts that a request can name."""


def script_of(metadata: dict[str, Any], *, at: str = "metadata.script") -> JsonObject:
    """The script that metadata hold or name; ``text`` when there is none."""
    given = metadata.get("script", "text")
    if isinstance(given, str):
        if given not in SCENARIOS:
            raise GatewayError(
                "validation_failed",
                f"There is no scenario {given!r}, but {', '.join(sorted(SCENARIOS))}.",
                param=at,
            )
        return SCENARIOS[given]
    problem = pick(_validator.iter_errors(given))
    if problem is not None:
        where = f".{problem.param}" if problem.param else ""
        raise GatewayError("validation_failed", problem.message, param=f"{at}{where}")
    script: JsonObject = given
    return script


def cuts_of(metadata: dict[str, Any] | None) -> set[int]:
    """After which events the script wants the client's connection cut."""
    script: Any = (metadata or {}).get("script")
    if not isinstance(script, dict):
        return set()
    places: list[int] = cast("JsonObject", script).get("cut_after", [])
    return set(places)
