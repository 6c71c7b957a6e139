"""The response cache."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("request", sa.LargeBinary(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "request"),
    )
    op.create_index(
        "ix_kept_answers_expires_at", "kept_answers", ["expires_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_kept_answers_expires_at", table_name="kept_answers")
    op.drop_table("kept_answers")
