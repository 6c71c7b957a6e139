"""What goes with a project, and what of its requests where the project stays."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.store.tables import (
    approvals,
    audit_logs,
    credentials,
    idempotency,
    kept_answers,
    keys,
    policies,
    policy_versions,
    run_events,
    runs,
    secrets,
    services,
    sessions,
    usage,
    webhook_deliveries,
    webhooks,
    workspace_events,
    workspace_messages,
    workspaces,
)

_CONTENT = (
    keys,
    runs,
    credentials,
    services,
    workspaces,
    policies,
    approvals,
    webhooks,
)
"""What makes a project one that holds something."""


async def holds_something(connection: AsyncConnection, project_id: str) -> bool:
    """Whether a project is more than its name."""
    for table in _CONTENT:
        query = sa.select(table.c.id).where(table.c.project_id == project_id).limit(1)
        if (await connection.execute(query)).first() is not None:
            return True
    return False


async def erase_content(connection: AsyncConnection, project_id: str) -> None:
    """Delete all that a project holds."""
    for part, whole in (
        (secrets.c.key_id, keys),
        (run_events.c.run_id, runs),
        (workspace_events.c.workspace_id, workspaces),
        (workspace_messages.c.workspace_id, workspaces),
        (policy_versions.c.policy_id, policies),
    ):
        of_project = whole.c.project_id == project_id
        await _erase_parts(connection, part, sa.select(whole.c.id).where(of_project))
    for table in (*_CONTENT, kept_answers, webhook_deliveries):
        await connection.execute(table.delete().where(table.c.project_id == project_id))


async def erase_traces(
    connection: AsyncConnection, project_id: str
) -> Mapping[str, int]:
    """Delete what was kept of requests that are over; how many of each kind."""
    ended_runs = sa.and_(
        runs.c.project_id == project_id, runs.c.completed_at.is_not(None)
    )
    run_ids = sa.select(runs.c.id).where(ended_runs)
    ended_workspaces = sa.and_(
        workspaces.c.project_id == project_id, workspaces.c.status == "ended"
    )
    workspace_ids = sa.select(workspaces.c.id).where(ended_workspaces)
    await _erase_parts(connection, run_events.c.run_id, run_ids)
    await _erase_parts(connection, workspace_events.c.workspace_id, workspace_ids)
    await _erase_parts(connection, workspace_messages.c.workspace_id, workspace_ids)
    answers = (
        (idempotency, sa.and_(_of_callers(project_id), _is_answered(run_ids))),
        (kept_answers, kept_answers.c.project_id == project_id),
    )
    erased = {"answers": 0}
    for table, which in answers:
        deleted = await connection.execute(table.delete().where(which))
        erased["answers"] += deleted.rowcount
    for name, table, which in (
        ("runs", runs, ended_runs),
        ("workspaces", workspaces, ended_workspaces),
        ("approvals", approvals, _is_settled(project_id)),
        ("webhook_deliveries", webhook_deliveries, _is_delivered(project_id)),
        ("audit_logs", audit_logs, audit_logs.c.project_id == project_id),
        ("sessions", sessions, sessions.c.project_id == project_id),
        ("usage", usage, usage.c.project_id == project_id),
    ):
        erased[name] = (await connection.execute(table.delete().where(which))).rowcount
    return erased


async def _erase_parts(
    connection: AsyncConnection, part: sa.Column[str], ids: sa.Select[tuple[str]]
) -> None:
    await connection.execute(part.table.delete().where(part.in_(ids)))


def _of_callers(project_id: str) -> sa.ColumnElement[bool]:
    """Idempotency keys of a project's keys, and of who calls without one of them."""
    key_ids = sa.select(keys.c.id).where(keys.c.project_id == project_id)
    others = [f"{kind}:{project_id}" for kind in ("anonymous", "key")]
    return sa.or_(idempotency.c.scope.in_(key_ids), idempotency.c.scope.in_(others))


def _is_answered(run_ids: sa.Select[tuple[str]]) -> sa.ColumnElement[bool]:
    """What is at work keeps its key: it must not be done a second time beside."""
    return sa.or_(idempotency.c.status.is_not(None), idempotency.c.run_id.in_(run_ids))


def _is_settled(project_id: str) -> sa.ColumnElement[bool]:
    """Approvals that nobody decides on or performs any more."""
    is_at_work = sa.and_(
        approvals.c.kind == "request",
        approvals.c.status == "approved",
        approvals.c.response.is_(None),
    )
    return sa.and_(
        approvals.c.project_id == project_id,
        approvals.c.status != "pending",
        sa.not_(is_at_work),
    )


def _is_delivered(project_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        webhook_deliveries.c.project_id == project_id,
        webhook_deliveries.c.status != "pending",
    )
