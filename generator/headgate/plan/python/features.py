"""Samples of what the client has beside its calls, in Python's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import dotted, literal, string
from headgate.plan.features import feature_pages
from headgate.plan.python.context import Context, name
from headgate.plan.python.headers import header_names
from headgate.plan.python.layout import lines
from headgate.plan.python.names import attribute
from headgate.plan.python.reference import PythonSpeaker

if TYPE_CHECKING:
    from headgate.plan.features import (
        Blocked,
        Compared,
        Declared,
        FeaturePage,
        Passed,
        Scoped,
        Steps,
        Waited,
    )


def features(context: Context) -> tuple[FeaturePage, ...]:
    """Plan what the read-me shows."""
    return feature_pages(context.api, _Python(context))


@dataclass(frozen=True, slots=True)
class _Python:
    measured: ClassVar[str] = "execute_with_stats"

    context: Context

    @property
    def _module(self) -> Code:
        return dotted([self.context.config.python.module])

    def steps(self, feature: Steps) -> Code:
        builder, members = feature.builder, self.context.members
        path = dotted(["client", *members.path(feature.operation.resource)])
        made = name(members.builders[builder.name])
        given = joined(", ", [*map(literal, feature.given)])
        steps = [(name(attribute(s.turn.name)), s.values) for s in feature.steps]
        written = [
            assembled("    .{}({})", method, joined(", ", [*map(literal, values)]))
            for method, values in steps
        ]
        return lines(
            [
                fixed("result = ("),
                assembled("    {}.{}({})", path, made, given),
                *written,
                fixed("    .execute()"),
                fixed(")"),
                fixed("print(result)"),
            ]
        )

    def scoped(self, feature: Scoped) -> Code:
        given = [
            string(value)
            if each.required
            else assembled("{}={}", name(attribute(each.name)), string(value))
            for each, value in feature.given
        ]
        method = name(self.context.members.scopes[feature.scope.name])
        call = assembled("scoped = client.{}({})", method, joined(", ", given))
        return lines([call, fixed("print(scoped.scope)")])

    def passed(self, feature: Passed) -> Code:
        call = assembled("answer = client.get({})", string(feature.path))
        return lines([call, fixed("print(answer.status_code, answer.text)")])

    def waited(self, feature: Waited) -> Code:
        method = name(self.context.members.waits[feature.wait.name])
        given = (string(feature.id), literal(feature.seconds))
        call = assembled("found = client.{}({}, timeout={})", method, *given)
        return lines([call, fixed("print(found)")])

    def blocked(self, feature: Blocked) -> Code:
        option = string(feature.blocking.option)
        given = assembled("options={{{}: {}}}", option, literal(feature.seconds))
        start = assembled("answer = client.delete({}, ", string(feature.path))
        call = assembled("{}{})", start, given)
        return lines([call, fixed("print(answer.status_code)")])

    def declared(self, feature: Declared) -> Code:
        names = header_names(self.context.api.headers)
        read = [assembled("read.{}", name(names[e.name])) for e in feature.headers]
        return lines(
            [
                assembled("from {} import DeclaredHeaders\n", self._module),
                PythonSpeaker(self.context).assigned(feature.operation),
                assembled("read = DeclaredHeaders(result.http_response.headers)"),
                assembled("print({})", joined(", ", read)),
            ]
        )

    def compared(self, feature: Compared) -> Code:
        return lines(
            [
                assembled("from {} import vectors\n", self._module),
                PythonSpeaker(self.context).assigned(feature.operation),
                fixed("first, *others = vectors.vectors_of(result)"),
                fixed("print(vectors.find_most_similar(first, others))"),
            ]
        )
