"""Services, and the upstream and services of a key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("service_type", sa.String(length=16), nullable=False),
        sa.Column("credential_id", sa.String(length=40), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("allowed_methods", sa.Text(), nullable=True),
        sa.Column("request_headers", sa.Text(), nullable=False),
        sa.Column("response_headers", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name", name="services_by_name"),
    )
    op.create_index(
        "ix_services_credential_id", "services", ["credential_id"], unique=False
    )
    op.add_column("keys", sa.Column("upstream_url", sa.Text(), nullable=True))
    op.add_column("keys", sa.Column("allowed_services", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("keys", "allowed_services")
    op.drop_column("keys", "upstream_url")
    op.drop_index("ix_services_credential_id", table_name="services")
    op.drop_table("services")
