"""Samples of what the client has beside its calls, in TypeScript's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    access,
    identifier,
    literal,
    string,
    value_key,
)
from headgate.names import Name, camel, split_words
from headgate.plan.features import feature_pages
from headgate.plan.typescript.headers import HEADERS, header_names
from headgate.plan.typescript.pending import option_name
from headgate.plan.typescript.reference import TypeScriptSpeaker
from headgate.plan.typescript.surface import argument_names

if TYPE_CHECKING:
    from headgate.ir.api import Api
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
    from headgate.plan.typescript.names import Names


def features(api: Api, names: Names, package: str) -> tuple[FeaturePage, ...]:
    """Plan what the read-me shows."""
    return feature_pages(api, _TypeScript(api, names, package))


@dataclass(frozen=True, slots=True)
class _TypeScript:
    api: Api
    names: Names
    package: str

    @property
    def _speaker(self) -> TypeScriptSpeaker:
        return TypeScriptSpeaker(self.api, self.names)

    def steps(self, feature: Steps) -> Code:
        steps = [(feature.builder.name, feature.given)]
        steps += [(each.turn.name, each.values) for each in feature.steps]
        written = [
            assembled(
                "  .{}({})",
                identifier(Name(camel(split_words(method)))),
                joined(", ", [*map(literal, values)]),
            )
            for method, values in steps
        ]
        start = self._speaker.resource(feature.operation)
        return _lines(
            assembled("const result = await {}", start),
            *written,
            fixed("  .execute();"),
            fixed("console.log(result);"),
        )

    def scoped(self, feature: Scoped) -> Code:
        names = argument_names(feature.scope)
        given = [string(text) for each, text in feature.given if each.required]
        named = [
            assembled("{}: {}", value_key(names[each.name].text), string(text))
            for each, text in feature.given
            if not each.required
        ]
        if named:
            given.append(assembled("{{ {} }}", joined(", ", named)))
        method = identifier(self.names.surface[feature.scope.name])
        return _lines(
            assembled("const scoped = client.{}({});", method, joined(", ", given)),
            fixed("console.log(scoped.scope);"),
        )

    def passed(self, feature: Passed) -> Code:
        call = assembled("const answer = await client.get({});", string(feature.path))
        return _lines(call, fixed("console.log(answer.status, answer.text);"))

    def waited(self, feature: Waited) -> Code:
        method = identifier(self.names.surface[feature.wait.name])
        given = (string(feature.id), literal(feature.seconds * 1_000))
        call = assembled("client.{}({}, {{ timeout: {} }})", method, *given)
        return assembled("console.log(await {});", call)

    def blocked(self, feature: Blocked) -> Code:
        option = value_key(option_name(feature.blocking))
        given = assembled("{{ {}: {} }}", option, literal(feature.seconds * 1_000))
        return _lines(
            assembled(
                "const answer = await client.delete({}, {});",
                string(feature.path),
                given,
            ),
            fixed("console.log(answer.status);"),
        )

    def declared(self, feature: Declared) -> Code:
        names = header_names(self.api.headers)
        read = [
            assembled("read{}", access(names[each.name])) for each in feature.headers
        ]
        call = self._speaker.call(feature.operation, streamed=False)
        module = string(f"{self.package}/{HEADERS}")
        return _lines(
            assembled("import {{ declaredHeaders }} from {};\n", module),
            assembled("const {{ response }} = await {}.withResponse();", call),
            fixed("const read = declaredHeaders(response.headers);"),
            assembled("console.log({});", joined(", ", read)),
        )

    def compared(self, feature: Compared) -> Code:
        call = self._speaker.call(feature.operation, streamed=False)
        return _lines(
            assembled("import {{ vectors }} from {};\n", string(self.package)),
            assembled("const result = await {};", call),
            fixed("const [first = [], ...others] = vectors.vectorsOf(result);"),
            fixed("console.log(vectors.findMostSimilar(first, others));"),
        )


def _lines(*parts: Code) -> Code:
    return joined("\n", parts)
