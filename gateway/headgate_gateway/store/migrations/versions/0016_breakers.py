"""Keys may have circuit breakers of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("circuit_breaker", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("keys", "circuit_breaker")
