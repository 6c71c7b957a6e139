"""Keys have tags, which usage can be summed up by."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "keys", sa.Column("tags", sa.Text(), nullable=False, server_default="{}")
    )


def downgrade() -> None:
    op.drop_column("keys", "tags")
