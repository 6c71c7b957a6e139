"""What is used: tokens, dollars, requests in a time and at once."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    count,
    json,
    metadata,
    operation,
    own_id,
    reference,
    request_id,
    time,
    word,
)

usage = sa.Table(
    "usage",
    metadata,
    own_id(),
    reference("project_id"),
    reference("key_id", required=False),
    request_id(),
    operation(),
    sa.Column("provider", sa.String(80), nullable=False),
    json("model"),
    count("input_tokens"),
    count("output_tokens"),
    count("cache_read_tokens"),
    count("cost", required=False),
    word("outcome"),
    time("created_at"),
    sa.Index("usage_by_project", "project_id", "created_at"),
    sa.Index("usage_by_key", "key_id", "created_at"),
)
"""One row a model's answer; ``cost`` is in millionths of a millionth of a dollar."""

spend = sa.Table(
    "spend",
    metadata,
    reference("key_id", primary_key=True),
    word("time", primary_key=True),
    count("amount"),
)
"""What was spent with a key in a day, in a month and ever, added up."""

reservations = sa.Table(
    "reservations",
    metadata,
    own_id(),
    reference("key_id", index=True),
    count("amount"),
    time("expires_at"),
)
"""What calls in flight will spend at least, for keys with caps."""

rate_buckets = sa.Table(
    "rate_buckets",
    metadata,
    reference("key_id", primary_key=True),
    count("level"),
    time("filled_at"),
)

in_flight = sa.Table(
    "in_flight",
    metadata,
    own_id(),
    reference("key_id", index=True),
    reference("instance"),
)
