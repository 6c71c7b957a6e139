"""The audit log, its sessions, and how much of a key it keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("upstream", sa.String(length=64), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("policy_result", sa.String(length=16), nullable=False),
        sa.Column("policy_id", sa.String(length=40), nullable=True),
        sa.Column("shadow_violations", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.String(length=40), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.String(length=200), nullable=True),
        sa.Column("span_id", sa.Text(), nullable=True),
        sa.Column("parent_span_id", sa.String(length=200), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("is_streaming", sa.Boolean(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("tool_calls", sa.Text(), nullable=False),
        sa.Column("fields_redacted", sa.Text(), nullable=False),
        sa.Column("request_body", sa.Text(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_audit_logs_created_at", "audit_logs", ["created_at"], unique=False
    )
    op.create_index(
        "audit_logs_by_project", "audit_logs", ["project_id", "id"], unique=False
    )
    op.create_index(
        "audit_logs_by_session", "audit_logs", ["session_id", "id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=200), nullable=False),
        sa.Column("request_count", sa.BigInteger(), nullable=False),
        sa.Column("error_count", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "session_id", name="sessions_by_name"),
    )
    op.create_index(
        "ix_sessions_last_seen_at", "sessions", ["last_seen_at"], unique=False
    )
    op.add_column(
        "keys",
        sa.Column(
            "log_level",
            sa.String(length=16),
            nullable=False,
            server_default="metadata",
        ),
    )


def downgrade() -> None:
    op.drop_column("keys", "log_level")
    op.drop_index("ix_audit_logs_created_at", table_name="audit_logs")
    op.drop_index("audit_logs_by_project", table_name="audit_logs")
    op.drop_index("audit_logs_by_session", table_name="audit_logs")
    op.drop_table("audit_logs")
    op.drop_index("ix_sessions_last_seen_at", table_name="sessions")
    op.drop_table("sessions")
