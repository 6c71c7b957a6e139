"""Approvals are found by the request that waits for them too."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("approvals_by_request", "approvals", ["scope", "request_id"])


def downgrade() -> None:
    op.drop_index("approvals_by_request", table_name="approvals")
