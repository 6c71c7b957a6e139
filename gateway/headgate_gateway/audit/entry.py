"""The entry of a request, made when it is over."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headgate_gateway.audit.attribution import attribution
from headgate_gateway.audit.facts import Facts
from headgate_gateway.ids import new_id
from headgate_gateway.json import dump_text
from headgate_gateway.redaction import PATTERNS, redact_text
from headgate_gateway.store.audit import AuditRow


class WithBodies(NamedTuple):
    """An entry whose bodies are still to be read."""

    row: AuditRow
    request: bytes
    response: bytes
    redacts: bool

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


def entry_of(
    facts: Facts,
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
    headers: Mapping[str, str],
) -> Entry:
    """What a request is remembered by; its bodies are read later."""
    asked = attribution(headers)
    row = AuditRow(
        id=new_id("aud"),
        request_id=request_id,
        project_id=project_id,
        key_id=key_id,
        operation=operation,
        method=method,
        path=dump_text(path),
        status=status,
        error_code=facts.error_code,
        upstream=facts.upstream,
        model=_text(facts.model),
        provider=_text(facts.model and facts.model.partition("/")[0]),
        policy_result=facts.policy_result,
        policy_id=facts.policy_id,
        shadow_violations=_list(facts.shadow_violations),
        approval_id=facts.approval_id,
        tags=_object(facts.tags),
        agent_name=_text(asked.agent_name),
        user_id=_text(asked.user_id),
        tenant_id=_text(asked.tenant_id),
        session_id=asked.session_id,
        span_id=dump_text(span_id),
        parent_span_id=asked.parent_span_id,
        properties=asked.properties,
        input_tokens=facts.input_tokens,
        output_tokens=facts.output_tokens,
        cost_usd=facts.cost_usd,
        latency_ms=latency_ms,
        is_streaming=facts.is_streaming,
        finish_reason=_text(facts.finish_reason),
        tool_calls=_list(facts.tool_calls),
        created_at=created_at,
    )
    if not facts.keeps_bodies:
        return row
    return WithBodies(row, facts.request_body, facts.response_body, facts.redacts)


def _text(value: str | None) -> str | None:
    return None if value is None else dump_text(value)


def _list(values: Sequence[str]) -> str:
    # Most lists and objects of an entry are empty.
    return dump_text(values) if values else "[]"


def _object(value: Mapping[str, Any]) -> str:
    return dump_text(value) if value else "{}"
