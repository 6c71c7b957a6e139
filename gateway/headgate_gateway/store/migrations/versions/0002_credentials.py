"""Upstream credentials, and the one that a key uses."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("host", sa.String(length=300), nullable=True),
        sa.Column("injection", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kek_version", sa.BigInteger(), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "credentials_by_project",
        "credentials",
        ["project_id", "provider"],
        unique=False,
    )
    op.add_column("keys", sa.Column("credential_id", sa.String(40), nullable=True))
    op.create_index("ix_keys_credential_id", "keys", ["credential_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_keys_credential_id", table_name="keys")
    op.drop_column("keys", "credential_id")
    op.drop_index("credentials_by_project", table_name="credentials")
    op.drop_table("credentials")
