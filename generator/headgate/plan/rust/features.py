"""Samples of what the client has beside its calls, in Rust's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.plan.features import feature_pages
from headgate.plan.rust.headers import header_names
from headgate.plan.rust.reference import written
from headgate.plan.rust.surface import argument_names

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
    from headgate.plan.rust.clients import ClientPage
    from headgate.plan.rust.reference import RustSpeaker


def features(
    speaker: RustSpeaker, client: ClientPage, module: Code
) -> tuple[FeaturePage, ...]:
    """Plan what the read-me shows."""
    return feature_pages(speaker.api, _Rust(speaker, client, module))


@dataclass(frozen=True, slots=True)
class _Rust:
    measured: ClassVar[str] = "execute_with_stats"

    speaker: RustSpeaker
    client: ClientPage
    module: Code

    def steps(self, feature: Steps) -> Code:
        begun, turns = self.speaker.names.builders[feature.builder.name]
        steps = [(begun, feature.given)]
        steps += [(turns[each.turn.name], each.values) for each in feature.steps]
        calls = [
            assembled("    .{}({})", method, joined(", ", [*map(written, values)]))
            for method, values in steps
        ]
        return _lines(
            assembled("let answer = {}", self.speaker.resource(feature.operation)),
            *calls,
            fixed("    .execute()"),
            fixed("    .await?;"),
            fixed('println!("{answer:?}");'),
        )

    def scoped(self, feature: Scoped) -> Code:
        at = self.speaker.api.surface.scopes.index(feature.scope)
        page, names = self.client.scopes[at], argument_names(feature.scope)
        given = [rust.string(text) for each, text in feature.given if each.required]
        path = assembled("{}::scopes::{}", self.module, page.name)
        made = assembled("{}::new({})", path, joined(", ", given))
        setters = [
            assembled(".{}({})", names[each.name], rust.string(text))
            for each, text in feature.given
            if not each.required
        ]
        return _lines(
            assembled("let scope = {};", joined("", [made, *setters])),
            assembled("let scoped = client.{}(scope);", page.method),
            fixed('println!("{:?}", scoped.scope());'),
        )

    def passed(self, feature: Passed) -> Code:
        call = assembled("client.get({})", rust.string(feature.path))
        return _lines(
            assembled("let answer = {}.await?;", call),
            fixed('println!("{} {}", answer.status(), answer.text());'),
        )

    def waited(self, feature: Waited) -> Code:
        at = self.speaker.api.surface.waits.index(feature.wait)
        call = assembled(
            "let found = client.{}({}, limit).await?;",
            self.client.waits[at].name,
            rust.string(feature.id),
        )
        return _lines(_limit(feature.seconds), call, fixed('println!("{found:?}");'))

    def blocked(self, feature: Blocked) -> Code:
        option = self.client.blocking
        assert option is not None
        call = assembled("client.delete({})", rust.string(feature.path))
        return _lines(
            _limit(feature.seconds),
            assembled("let answer = {}.{}(limit).await?;", call, option.method),
            fixed('println!("{}", answer.status());'),
        )

    def declared(self, feature: Declared) -> Code:
        names = header_names(self.speaker.api.headers)
        given, call = self.speaker.call(feature.operation, streamed=False)
        read = [assembled("read.{}()", names[each.name]) for each in feature.headers]
        places = joined(", ", [fixed("{:?}")] * len(read))
        return _lines(
            assembled("{}let answer = {}.with_response().await?;", given, call),
            fixed("let read = answer.response.declared();"),
            assembled('println!("{}", {});', places, joined(", ", read)),
        )

    def compared(self, feature: Compared) -> Code:
        given, call = self.speaker.call(feature.operation, streamed=False)
        return _lines(
            assembled("use {}::vectors::{{self, Metric}};\n", self.module),
            assembled("{}let answer = {}.await?;", given, call),
            fixed("let found = vectors::vectors_of(&answer)?;"),
            fixed("if let Some((first, others)) = found.split_first() {"),
            fixed(
                "    let near ="
                " vectors::find_most_similar(first, others, Metric::Cosine, None)?;"
            ),
            fixed('    println!("{near:?}");'),
            fixed("}"),
        )


def _limit(seconds: int) -> Code:
    number = rust.integer(seconds)
    return assembled("let limit = std::time::Duration::from_secs({});", number)


def _lines(*parts: Code) -> Code:
    return joined("\n", parts)
