"""The entry of a request: what is kept when it is over, and its row."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from headgate_gateway.audit.attribution import attribution
from headgate_gateway.audit.facts import Facts
from headgate_gateway.ids import new_id
from headgate_gateway.json import dump_text, quoted
from headgate_gateway.redaction import PATTERNS, redact_text
from headgate_gateway.store.audit import AuditRow

_NO_MODEL = (None, None)


class Entry(NamedTuple):
    """What a request is remembered by, as it was when the request was over."""

    facts: Facts
    headers: Mapping[str, str]
    """The request's."""
    request_id: str
    project_id: str
    key_id: str | None
    operation: str
    method: str
    path: str
    status: int
    span_id: str
    latency_ms: float
    created_at: int

    def row(self) -> AuditRow:
        """The row, without bodies."""
        facts, asked = self.facts, attribution(self.headers)
        model, provider = _NO_MODEL if facts.model is None else _texts(facts.model)
        # By place: to find names for so many takes as long as all the rest.
        return AuditRow(
            new_id("aud"),
            self.request_id,
            self.project_id,
            self.key_id,
            self.operation,
            self.method,
            quoted(self.path),
            self.status,
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
            quoted(self.span_id),
            asked.parent_span_id,
            asked.properties,
            facts.input_tokens,
            facts.output_tokens,
            facts.cost_usd,
            self.latency_ms,
            facts.is_streaming,
            None if facts.finish_reason is None else quoted(facts.finish_reason),
            dump_text(facts.tool_calls) if facts.tool_calls else "[]",
            self.created_at,
            "[]",
            None,
            None,
        )


def weight_of(facts: Facts) -> int:
    """How many entries without bodies hold as much."""
    if not facts.keeps_bodies:
        return 1
    return 2 + (len(facts.request_body) + len(facts.response_body)) // 1024


def with_bodies(row: AuditRow, facts: Facts) -> AuditRow:
    """The row with its bodies, but for what the log level takes out.

    To read them takes milliseconds where they are long.
    """
    found: dict[str, None] = {}
    texts: list[str] = []
    for body in (facts.request_body, facts.response_body):
        text = body.decode("utf-8", "replace")
        if facts.redacts:
            text, names = redact_text(text, PATTERNS.items())
            found.update(dict.fromkeys(names))
        texts.append(dump_text(text))
    return row._replace(
        fields_redacted=dump_text(list(found)),
        request_body=texts[0],
        response_body=texts[1],
    )


@lru_cache(maxsize=1024)
def _texts(model: str) -> tuple[str, str]:
    """The JSON of a model's name and of its provider's."""
    return quoted(model), quoted(model.partition("/")[0])
