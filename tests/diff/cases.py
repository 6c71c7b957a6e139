"""One change a rule: what is replaced in base.yaml, and what is said of it.

Read backwards, most changes are the case of another rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headgate.diff import Level

BASE = (Path(__file__).parent / "base.yaml").read_text("utf-8")
SCHEMA = "{$ref: '#/components/schemas/"


@dataclass(frozen=True)
class Case:
    """A replacement in the base, and one change that it is reported as."""

    code: str
    level: Level
    before: str
    after: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The changed document."""
        text = BASE
        for before, after in ((self.before, self.after), *self.also):
            assert text.count(before) == 1, (self.code, before, text.count(before))
            text = text.replace(before, after)
        return text


FORWARD = (
    Case("path-changed", "breaking", "  /pets/{id}:", "  /animals/{id}:"),
    Case(
        "method-renamed", "breaking", "operationId: pets.get", "operationId: pets.read"
    ),
    Case(
        "newly-deprecated",
        "safe",
        "operationId: pets.get\n",
        "operationId: pets.get\n      deprecated: true\n",
    ),
    Case("idempotency-removed", "risky", "x-idempotent: true", "x-idempotent: false"),
    Case(
        "security-tightened",
        "breaking",
        "security: [{Key: []}]",
        "security: [{Key: [], Other: []}]",
    ),
    Case(
        "security-loosened",
        "safe",
        "security: [{Key: []}]",
        "security: [{Key: []}, {Other: []}]",
    ),
    Case(
        "parameter-removed",
        "breaking",
        "        - {name: marks, in: query, "
        "schema: {type: array, items: {type: string}}}\n",
        "",
    ),
    Case(
        "parameter-required",
        "breaking",
        "name: detail, in: query,",
        "name: detail, in: query, required: true,",
    ),
    Case(
        "parameter-style",
        "breaking",
        "name: marks, in: query,",
        "name: marks, in: query, explode: false,",
    ),
    Case("default-changed", "risky", "default: short", "default: long"),
    Case(
        "body-removed",
        "breaking",
        "requestBody: {required: true, content: {application/json: "
        "{schema: {$ref: '#/components/schemas/NewPet'}}}}",
        "description: None.",
    ),
    Case(
        "body-required",
        "breaking",
        "requestBody: {content",
        "requestBody: {required: true, content",
    ),
    Case(
        "media-type-changed",
        "breaking",
        "required: true, content: {application/json: {schema: "
        "{$ref: '#/components/schemas/NewPet'}}}",
        "required: true, content: {application/x-www-form-urlencoded: {schema: "
        "{$ref: '#/components/schemas/NewPet'}}}",
    ),
    Case(
        "result-removed",
        "breaking",
        "{'201': {description: The pet., content: {application/json: "
        "{schema: {$ref: '#/components/schemas/Pet'}}}}}",
        "{'201': {description: The pet.}}",
    ),
    Case(
        "result-empty",
        "breaking",
        "responses: {'201':",
        "responses: {'204': {description: Nothing.}, '201':",
    ),
    Case("status-changed", "risky", "responses: {'201':", "responses: {'200':"),
    Case(
        "pagination-removed",
        "breaking",
        "x-pagination: {items: pets, cursor: {parameter: since, from: last}}",
        "description: Pets.",
    ),
    Case("pagination-changed", "breaking", "from: last", "from: next"),
    Case(
        "stream-removed",
        "breaking",
        "            text/event-stream: {schema: "
        "{$ref: '#/components/schemas/WalkEvent'}}\n",
        "",
        (("      x-stream: {name: walk, method: watch}\n", ""),),
    ),
    Case(
        "twin-removed",
        "breaking",
        "            application/json: {schema: {$ref: '#/components/schemas/Walk'}}\n",
        "",
    ),
    Case(
        "stream-asked-otherwise",
        "breaking",
        "method: watch}",
        "method: watch, asked_by: {body: quick}}",
    ),
    Case(
        "stream-unfinished",
        "risky",
        "x-stream: {name: walk, method: events}",
        "x-stream: {name: walk, method: events, "
        "unfinished_when: {query: after, value: 1}}",
    ),
    Case(
        "answer-removed",
        "risky",
        "        '404': {description: None., content: {application/json: "
        "{schema: {type: object, properties: {error: {type: string}}}}}}\n",
        "",
    ),
    Case(
        "answer-grown",
        "safe",
        "properties: {error: {type: string}}",
        "properties: {error: {type: string}, hint: {type: string}}",
    ),
    Case(
        "answer-changed",
        "risky",
        "properties: {error: {type: string}}",
        "properties: {error: {type: integer}}",
    ),
    Case("bound-tightened", "breaking", "default: 1}", "default: 1, maximum: 9}"),
    Case("bound-tightened", "safe", "{type: number}", "{type: number, minimum: 0}"),
    Case("bound-changed", "risky", "'^[0-9]+$'", "'^[0-9a-f]+$'"),
    Case("server-changed", "risky", "pets.example/v1", "pets.example/v2"),
    Case("credential-changed", "breaking", "name: X-Other", "name: X-Another"),
    Case(
        "credential-removed",
        "breaking",
        "    Other: {type: apiKey, in: header, name: X-Other}\n",
        "",
    ),
    Case("error-body-changed", "breaking", "  message: message\n", ""),
    Case("error-removed", "breaking", "    - {name: BusyError, status: [409]}\n", ""),
    Case("error-changed", "risky", "status: [409]", "status: [409, 423]"),
    Case(
        "stream-framing",
        "breaking",
        "    discriminator: type\n",
        "    discriminator: type\n    framing: jsonl\n",
    ),
    Case(
        "stream-sentinel",
        "breaking",
        "    sequence: n\n",
        "    sequence: n\n    sentinel: '[DONE]'\n",
    ),
    Case("stream-sequence", "breaking", "sequence: n", "sequence: m"),
    Case("stream-error", "breaking", "at: error}\n    resume", "at: why}\n    resume"),
    Case("end-changed", "breaking", "ends: {end: complete,", "ends: {end: failed,"),
    Case("heartbeat-changed", "risky", "heartbeats: [ping]", "heartbeats: []"),
    Case(
        "resume-removed",
        "breaking",
        "    resume: {operation: walks.events, parameters: {id: id}, cursor: "
        "{query: after}, statuses: {'204': finished, '410': expired}}\n",
        "",
    ),
    Case("resume-changed", "breaking", "parameters: {id: id}", "parameters: {id: run}"),
    Case("resume-statuses", "breaking", "'410': expired", "'404': expired"),
    Case("fold-changed", "risky", "from: text}]", "from: more}]"),
    Case(
        "reader-removed",
        "breaking",
        "    deltas: {text: {event: step, at: text}}\n",
        "",
    ),
    Case("order-narrowed", "risky", "resting: {step: {to: moving}}", "resting: {}"),
    Case(
        "order-widened",
        "breaking",
        "resting: {step: {to: moving}}",
        "resting: {step: {to: moving}, done: {to: end}}",
    ),
    Case(
        "condition-removed",
        "risky",
        "step: {require: {W1: 'event.text != \"\"'}}",
        "step: {}",
    ),
    Case("condition-changed", "risky", "event.text !=", "event.more !="),
    Case(
        "null-removed", "safe", "note: {type: [string, 'null']}", "note: {type: string}"
    ),
    Case(
        "null-added",
        "breaking",
        "weight: {type: number}",
        "weight: {type: [number, 'null']}",
    ),
    Case("type-changed", "breaking", "age: {type: integer}", "age: {type: boolean}"),
    Case("type-widened", "breaking", "age: {type: integer}", "age: {type: number}"),
    Case("type-narrowed", "risky", "any: {}", "any: {type: string}"),
    Case("format-changed", "risky", "format: date}", "format: date-time}"),
    Case("value-removed", "breaking", "enum: [cat, dog]", "enum: [cat]"),
    Case("value-removed", "risky", "enum: [cat, dog]", "enum: [cat]"),
    Case("value-added", "safe", "enum: [cat, dog]", "enum: [cat, dog, owl]"),
    Case("value-added", "risky", "enum: [cat, dog]", "enum: [cat, dog, owl]"),
    Case(
        "variant-added",
        "safe",
        f"{SCHEMA}Bone'}}]",
        f"{SCHEMA}Bone'}}, {SCHEMA}Stick'}}]",
    ),
    Case(
        "tag-changed",
        "risky",
        "discriminator: {propertyName: type}\n",
        "discriminator: {propertyName: form, mapping: "
        "{round: '#/components/schemas/Ball', long: '#/components/schemas/Bone'}}\n",
    ),
    Case(
        "extra-removed",
        "breaking",
        "additionalProperties: {type: string}",
        "additionalProperties: false",
    ),
    Case("field-removed", "risky", "        born: {type: string, format: date}\n", ""),
    Case("field-removed", "breaking", "        age: {type: integer}\n", ""),
    Case(
        "field-optional",
        "breaking",
        "required: [name, owner, age]",
        "required: [name, owner]",
    ),
    Case(
        "field-required", "breaking", "required: [name]\n", "required: [name, kind]\n"
    ),
    Case(
        "type-removed",
        "risky",
        "    Unused: {type: object, properties: {a: {type: string}}}\n",
        "",
    ),
    Case(
        "parameter-renamed",
        "risky",
        "  /pets/{id}:",
        "  /pets/{pet}:",
        (
            (
                (
                    "name: id, in: path, required: true, schema: {type: string}}\n"
                    "        - {name: detail"
                ),
                (
                    "name: pet, in: path, required: true, schema: {type: string}}\n"
                    "        - {name: detail"
                ),
            ),
        ),
    ),
    Case(
        "event-removed",
        "breaking",
        f"        - {SCHEMA}Rest'}}\n",
        "",
        (
            ("rest: '#/components/schemas/Rest', ", ""),
            ("rest: {to: resting}, ", ""),
            ("      resting: {step: {to: moving}}\n", ""),
        ),
    ),
    Case(
        "event-removed",
        "breaking",
        f"        - {SCHEMA}Done'}}\n",
        "",
        (("done: '#/components/schemas/Done', ", ""), (", done: {to: end}}", "}")),
    ),
    Case(
        "stream-declaration",
        "breaking",
        "      x-stream: {name: walk, method: watch}\n",
        "",
        (("      x-stream: {name: walk, method: events}\n", ""),),
    ),
    Case(
        "fold-removed",
        "breaking",
        "    fold:\n      into: {$ref: '#/components/schemas/Walk'}\n"
        "      start: [{set: '', from: walk}]\n"
        "      step: [{append: text, from: text}]\n",
        "",
    ),
    Case(
        "type-renamed",
        "risky",
        "    Owner: {",
        "    Keeper: {",
        ((f"{SCHEMA}Owner'}}", f"{SCHEMA}Keeper'}}"),),
    ),
    Case(
        "operation-added",
        "safe",
        "  /walks:\n",
        "  /toys: {get: {responses: {'204': {description: None.}}}}\n  /walks:\n",
    ),
)
"""What a text before becomes after."""

BACKWARD = (
    ("answer-added", "safe", "answer-removed"),
    ("answer-changed", "risky", "answer-grown"),
    ("bound-loosened", "safe", "bound-tightened"),
    ("bound-loosened", "risky", "bound-tightened"),
    ("body-optional", "safe", "body-required"),
    ("body-added", "breaking", "body-removed"),
    ("condition-added", "safe", "condition-removed"),
    ("credential-added", "safe", "credential-removed"),
    ("end-added", "breaking", "event-removed"),
    ("error-added", "safe", "error-removed"),
    ("event-added", "risky", "event-removed"),
    ("field-added", "safe", "field-removed"),
    ("fold-added", "safe", "fold-removed"),
    ("null-added", "breaking", "null-removed"),
    ("operation-removed", "breaking", "operation-added"),
    ("pagination-added", "risky", "pagination-removed"),
    ("parameter-added", "safe", "parameter-removed"),
    ("parameter-optional", "safe", "parameter-required"),
    ("reader-added", "safe", "reader-removed"),
    ("result-added", "safe", "result-removed"),
    ("resume-added", "safe", "resume-removed"),
    ("stream-added", "safe", "stream-removed"),
    ("twin-added", "safe", "twin-removed"),
    ("variant-removed", "breaking", "variant-added"),
)
"""A code and its level, and the code whose cases show it when read backwards."""
