"""Tool calls and drafts wait beside requests."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEVER = 253_402_300_799_000
_STATUSES = {"draft": "pending", "sent": "approved", "withdrawn": "cancelled"}
_DRAFTS = sa.text(
    "SELECT m.*, w.project_id FROM workspace_messages m"
    " JOIN workspaces w ON w.id = m.workspace_id WHERE m.approval_id IS NOT NULL"
)


def upgrade() -> None:
    op.add_column(
        "approvals",
        sa.Column("kind", sa.String(16), nullable=False, server_default="request"),
    )
    approvals = sa.Table("approvals", sa.MetaData(), autoload_with=op.get_bind())
    for draft in op.get_bind().execute(_DRAFTS).mappings().all():
        op.get_bind().execute(approvals.insert().values(_approval(draft)))


def _approval(draft: sa.RowMapping) -> dict[str, object]:
    """The approval of a draft that was made before there were any."""
    summary = {
        "operation": "workspaces.send_message",
        "method": "POST",
        "path": f"/v1/workspaces/{draft['workspace_id']}/messages",
        "agent_name": None,
        "body_preview": json.loads(draft["content"])[:2000],
        "draft": {
            "workspace_id": draft["workspace_id"],
            "message_id": draft["id"],
            "content": json.loads(draft["content"]),
        },
    }
    return {
        "id": draft["approval_id"],
        "kind": "workspace_draft",
        "scope": f"workspace:{draft['workspace_id']}",
        "project_id": draft["project_id"],
        "principal_kind": "key",
        "request_id": "none",
        "status": _STATUSES.get(draft["status"], draft["status"]),
        "policy_id": "",
        "policy_name": '""',
        "fallback": "deny",
        "timeout_s": 0,
        "summary": json.dumps(summary),
        "sealed": b"",
        "fingerprint": b"",
        "created_at": draft["created_at"],
        "expires_at": _NEVER,
    }


def downgrade() -> None:
    op.execute("DELETE FROM approvals WHERE kind != 'request'")
    op.drop_column("approvals", "kind")
