"""Which process holds the credential that came with a request that waits."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("holder", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("approvals", "holder")
