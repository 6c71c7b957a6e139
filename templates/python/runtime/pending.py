# Fixed runtime of a generated SDK: the same source in every package.
"""What the specification says of answers that are not there yet, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import APIError
    from .requests import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error that is raised for what was decided, as the API would have answered."""

    error: type[APIError]
    message: str
    status: int | None = None
    type: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """Where an answer lies that came later: an object at `at`, null until it is there.

    A body that is text stands as it was sent, anything else was JSON; where the field
    `encoding` says `base64` the text is that of the bytes that were sent.
    """

    at: str
    status: str
    headers: str
    body: str
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """How a call waits for what comes of it, if its options have `option`.

    `operation` is asked with the pending answer's property `id` in its path, and waits
    itself up to `most` seconds, until `field` is none of `pending`. With one of
    `granted` the stored answer stands for the call's own. `details` pairs each detail
    of an error with the property that holds it; `limit` is the detail of `late` that
    tells for how many seconds the caller waited. Who waits by himself is given what was
    decided, but for a value of `raised`, for which its refusal is raised.
    """

    option: str
    operation: Operation
    parameter: str
    query: str
    most: int
    field: str
    pending: tuple[str, ...]
    id: str
    answer: StoredAnswer
    granted: tuple[str, ...]
    refusals: Mapping[str, Refusal]
    late: Refusal
    details: tuple[tuple[str, str], ...] = ()
    raised: tuple[str, ...] = ()
    limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRule:
    """What is raised for an answer that is not there yet, and how to wait for it."""

    error: type[APIError]
    message: str
    blocking: Blocking | None = None
