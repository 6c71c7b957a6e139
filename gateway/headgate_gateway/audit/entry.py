"""The entry of a request, made when it is over."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from headgate_gateway.audit.attribution import Attribution
from headgate_gateway.audit.facts import Facts
from headgate_gateway.ids import new_id
from headgate_gateway.json import dump_text, quoted
from headgate_gateway.redaction import PATTERNS, redact_text
from headgate_gateway.store.audit import AuditRow


class WithBodies(NamedTuple):
    """An entry whose bodies are still to be read."""

    row: AuditRow
    request: bytes
    response: bytes
    redacts: bool

    @property
    def weight(self) -> int:
        """How many entries without bodies hold as much."""
        return 2 + (len(self.request) + len(self.response)) // 1024

    def read(self) -> AuditRow:
        """The row with bodies as text, without what the log level takes out."""
        found: dict[str, None] = {}
        texts: list[str] = []
        for body in (self.request, self.response):
            text = body.decode("utf-8", "replace")
            if self.redacts:
                text, names = redact_text(text, PATTERNS.items())
                found.update(dict.fromkeys(names))
            texts.append(dump_text(text))
        return self.row._replace(
            fields_redacted=dump_text(list(found)),
            request_body=texts[0],
            response_body=texts[1],
        )


Entry = AuditRow | WithBodies


def weight_of(entry: Entry) -> int:
    """What an entry holds, in entries without bodies."""
    return entry.weight if isinstance(entry, WithBodies) else 1


def rows_of(entries: Sequence[Entry]) -> list[AuditRow]:
    """The rows of entries; to read bodies takes milliseconds where they are long."""
    return [each.read() if isinstance(each, WithBodies) else each for each in entries]


def entry_of(
    facts: Facts,
    asked: Attribution,
    *,
    request_id: str,
    project_id: str,
    key_id: str | None,
    operation: str,
    method: str,
    path: str,
    status: int,
    span_id: str,
    latency_ms: float,
    created_at: int,
) -> Entry:
    """What a request is remembered by; its bodies are read later."""
    model, provider = _NO_MODEL if facts.model is None else _model_texts(facts.model)
    # By place: to find names for so many takes as long as all the rest.
    row = AuditRow(
        new_id("aud"),
        request_id,
        project_id,
        key_id,
        operation,
        method,
        quoted(path),
        status,
        facts.error_code,
        facts.upstream,
        model,
        provider,
        facts.policy_result,
        facts.policy_id,
        dump_text(facts.shadow_violations) if facts.shadow_violations else "[]",
        facts.approval_id,
        dump_text(facts.tags) if facts.tags else "{}",
        asked.agent_name,
        asked.user_id,
        asked.tenant_id,
        asked.session_id,
        quoted(span_id),
        asked.parent_span_id,
        asked.properties,
        facts.input_tokens,
        facts.output_tokens,
        facts.cost_usd,
        latency_ms,
        facts.is_streaming,
        None if facts.finish_reason is None else quoted(facts.finish_reason),
        dump_text(facts.tool_calls) if facts.tool_calls else "[]",
        created_at,
        "[]",
        None,
        None,
    )
    if not facts.keeps_bodies:
        return row
    return WithBodies(row, facts.request_body, facts.response_body, facts.redacts)


_NO_MODEL = (None, None)


@lru_cache(maxsize=1024)
def _model_texts(model: str) -> tuple[str, str]:
    """The JSON of a model's name and of its provider's."""
    return quoted(model), quoted(model.partition("/")[0])
