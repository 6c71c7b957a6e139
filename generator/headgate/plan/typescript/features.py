"""Samples of what the client has beside its calls, in TypeScript's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

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
from headgate.plan.typescript.beside import argument_names
from headgate.plan.typescript.headers import HEADERS, header_names
from headgate.plan.typescript.reference import TypeScriptSpeaker
from headgate.plan.typescript.waits import UNTIL, option_name

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
    measured: ClassVar[str] = "executeWithStats"

    api: Api
    names: Names
    package: str

    @property
    def _speaker(self) -> TypeScriptSpeaker:
        return TypeScriptSpeaker(self.api, self.names)

    def steps(self, feature: Steps) -> Code:
        steps = [(each.turn.name, each.values) for each in feature.steps]
        written = [
            assembled(
                "  .{}({})",
                identifier(Name(camel(split_words(method)))),
                joined(", ", [*map(literal, values)]),
            )
            for method, values in steps
        ]
        resource = self._speaker.resource(feature.operation)
        builder = identifier(self.names.builders[feature.builder.name].name)
        pairs = zip(feature.builder.given, feature.given, strict=True)
        given = [
            assembled("{}: {}", value_key(name), literal(value))
            for name, value in pairs
        ]
        body = assembled("{{ {} }}", joined(", ", given)) if given else fixed("{}")
        return _lines(
            self._import(builder),
            assembled("const result = await new {}({}, {})", builder, resource, body),
            *written,
            fixed("  .execute();"),
            fixed("console.log(result);"),
        )

    def scoped(self, feature: Scoped) -> Code:
        names = argument_names(feature.scope)
        given = [fixed("client")]
        given += [string(text) for each, text in feature.given if each.required]
        named = [
            assembled("{}: {}", value_key(names[each.name].text), string(text))
            for each, text in feature.given
            if not each.required
        ]
        if named:
            given.append(assembled("{{ {} }}", joined(", ", named)))
        method = identifier(self.names.surface[feature.scope.name])
        return _lines(
            self._import(fixed("scopeOf"), method),
            assembled("const scoped = {}({});", method, joined(", ", given)),
            fixed("console.log(scopeOf(scoped));"),
        )

    def passed(self, feature: Passed) -> Code:
        start = fixed("const answer = await new RawCalls(client)")
        call = assembled("{}.get({});", start, string(feature.path))
        imported = self._import(fixed("RawCalls"))
        return _lines(imported, call, fixed("console.log(answer.status, answer.text);"))

    def waited(self, feature: Waited) -> Code:
        method = identifier(self.names.surface[feature.wait.name])
        given = (string(feature.id), literal(feature.seconds * 1_000))
        call = assembled("{}(client, {}, {{ timeout: {} }})", method, *given)
        return _lines(self._import(method), assembled("console.log(await {});", call))

    def blocked(self, feature: Blocked) -> Code:
        option = value_key(option_name(feature.blocking))
        patience = assembled("{}({})", UNTIL, literal(feature.seconds * 1_000))
        return _lines(
            self._import(fixed("RawCalls"), UNTIL),
            fixed("const calls = new RawCalls(client);"),
            assembled(
                "const answer = await calls.delete({}, {{ {}: {} }});",
                string(feature.path),
                option,
                patience,
            ),
            fixed("console.log(answer.status);"),
        )

    def _import(self, *names: Code) -> Code:
        found = joined(", ", names)
        return assembled("import {{ {} }} from {};\n", found, string(self.package))

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
