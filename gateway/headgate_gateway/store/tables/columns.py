"""Columns that several tables have. Times are milliseconds since the epoch."""

from typing import Any

import sqlalchemy as sa

from headgate_gateway.json import dump_text, loads

metadata = sa.MetaData()
"""All tables."""


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text: equal on every store, and a NUL in a string survives PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The text to keep; None stays SQL NULL."""
        return None if value is None else dump_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """The value back from its text."""
        return None if value is None else loads(value)


def own_id() -> sa.Column[str]:
    """The id of a row."""
    return sa.Column("id", sa.String(40), primary_key=True)


def reference(name: str, *, required: bool = True, **options: Any) -> sa.Column[str]:
    """The id of a row of another table."""
    return sa.Column(name, sa.String(40), nullable=not required, **options)


def request_id() -> sa.Column[str]:
    """The ``X-Request-ID`` of the request that a row came of."""
    return sa.Column("request_id", sa.String(200), nullable=False)


def operation(**options: Any) -> sa.Column[str]:
    """The operation that a request asked for."""
    return sa.Column("operation", sa.String(80), nullable=False, **options)


def sealed() -> sa.Column[bytes]:
    """What is kept encrypted."""
    return sa.Column("sealed", sa.LargeBinary, nullable=False)


def word(name: str, *, required: bool = True, **options: Any) -> sa.Column[str]:
    """One of a few words, such as a status."""
    return sa.Column(name, sa.String(16), nullable=not required, **options)


def time(name: str, *, required: bool = True, **options: Any) -> sa.Column[int]:
    """A moment."""
    return sa.Column(name, sa.BigInteger, nullable=not required, **options)


def made_and_changed() -> tuple[sa.Column[int], sa.Column[int]]:
    """When a row was made, and when it was changed last."""
    return time("created_at"), time("updated_at")


def count(name: str, *, required: bool = True, **options: Any) -> sa.Column[int]:
    """A number that may grow large."""
    return sa.Column(name, sa.BigInteger, nullable=not required, **options)


def json(name: str, *, required: bool = True, **options: Any) -> sa.Column[Any]:
    """A value of JSON, or a text of any characters."""
    return sa.Column(name, Json, nullable=not required, **options)
