"""Entries of the audit log are in fewer indexes, which every request writes."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_HAS_SESSION = sa.text("session_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_audit_logs_created_at", table_name="audit_logs")
    op.drop_index("audit_logs_by_session", table_name="audit_logs")
    op.create_index(
        "audit_logs_by_session",
        "audit_logs",
        ["session_id", "id"],
        sqlite_where=_HAS_SESSION,
        postgresql_where=_HAS_SESSION,
    )


def downgrade() -> None:
    op.drop_index("audit_logs_by_session", table_name="audit_logs")
    op.create_index("audit_logs_by_session", "audit_logs", ["session_id", "id"])
    op.create_index("ix_audit_logs_created_at", "audit_logs", ["created_at"])
