"""Workspaces, and what keys may do."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "keys", sa.Column("scopes", sa.Text(), nullable=False, server_default="[]")
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("typing", sa.Text(), nullable=True),
        sa.Column("typing_count", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_client_sequence", sa.BigInteger(), nullable=False),
        sa.Column("trimmed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "workspaces_by_project", "workspaces", ["project_id", "id"], unique=False
    )
    op.create_index(
        "workspaces_by_client",
        "workspaces",
        ["project_id", "client_id", "id"],
        unique=False,
    )
    op.create_table(
        "workspace_messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("approval_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("approval_id"),
    )
    op.create_index(
        "workspace_messages_in_order",
        "workspace_messages",
        ["workspace_id", "id"],
        unique=False,
    )
    op.create_table(
        "workspace_events",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("client_sequence", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "sequence"),
    )


def downgrade() -> None:
    op.drop_table("workspace_events")
    op.drop_index("workspace_messages_in_order", table_name="workspace_messages")
    op.drop_table("workspace_messages")
    op.drop_index("workspaces_by_client", table_name="workspaces")
    op.drop_index("workspaces_by_project", table_name="workspaces")
    op.drop_table("workspaces")
    op.drop_column("keys", "scopes")
