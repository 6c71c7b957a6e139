"""Usage, spending, and the limits of keys."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("rate_limit", sa.Text(), nullable=True))
    op.add_column("keys", sa.Column("max_concurrent", sa.Integer(), nullable=True))
    op.add_column(
        "keys", sa.Column("spend_caps", sa.Text(), nullable=False, server_default="{}")
    )
    op.create_table(
        "usage",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=80), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "usage_by_project", "usage", ["project_id", "created_at"], unique=False
    )
    op.create_index("usage_by_key", "usage", ["key_id", "created_at"], unique=False)
    op.create_table(
        "spend",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("time", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "time"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reservations_key_id", "reservations", ["key_id"], unique=False)
    op.create_table(
        "rate_buckets",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_table(
        "in_flight",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("instance", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_in_flight_key_id", "in_flight", ["key_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_in_flight_key_id", table_name="in_flight")
    op.drop_table("in_flight")
    op.drop_table("rate_buckets")
    op.drop_index("ix_reservations_key_id", table_name="reservations")
    op.drop_table("reservations")
    op.drop_table("spend")
    op.drop_index("usage_by_key", table_name="usage")
    op.drop_index("usage_by_project", table_name="usage")
    op.drop_table("usage")
    op.drop_column("keys", "spend_caps")
    op.drop_column("keys", "max_concurrent")
    op.drop_column("keys", "rate_limit")
