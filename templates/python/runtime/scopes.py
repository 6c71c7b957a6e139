# Fixed runtime of a generated SDK: the same source in every package.
"""Clients with headers of their own, made of other clients without changing them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .settings import ClientOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeShape:
    """The headers that a scope makes of its arguments.

    A header's pieces are texts and, in turn, names of arguments. `generated` are the
    arguments that are made where none is given, `secret` those that nobody is shown.
    """

    headers: tuple[tuple[str, tuple[str, ...]], ...]
    generated: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    def within(
        self, options: ClientOptions, given: Mapping[str, str | None]
    ) -> ClientOptions:
        """Give a client's settings with those of the scope laid over them."""
        values = {name: value for name, value in given.items() if value is not None}
        for name in self.generated - values.keys() - options.scope.keys():
            values[name] = str(uuid.uuid4())
        known = {**options.scope, **values}
        headers = {name.lower(): value for name, value in options.headers.items()}
        for header, pieces in self.headers:
            if all(name in known for name in pieces[1::2]):
                headers[header.lower()] = _filled(pieces, known)
        shown = {name: values[name] for name in values.keys() - self.secret}
        return replace(
            options,
            headers=headers,
            scope={**options.scope, **shown},
            scope_secrets=(
                *options.scope_secrets,
                *(values[name] for name in values.keys() & self.secret),
            ),
        )


def _filled(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    texts = (values[each] if at % 2 else each for at, each in enumerate(pieces))
    return "".join(texts).strip(" ")
