"""The package's front: what `import … from` its name gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import identifier, module_path
from headgate.names import Name
from headgate.plan.typescript.assemblies import ASSEMBLIES, assembly_names
from headgate.plan.typescript.beside import CALLS, SCOPES, VENDORS
from headgate.plan.typescript.layout import WIDTH
from headgate.plan.typescript.waits import UNTIL, WAITS, pending_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from headgate.ir.api import Api
    from headgate.plan.typescript.names import Exported, Names


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The package's front."""

    header: Code
    client: Code
    base_error: Code
    configuration: Code
    errors: Code | None
    streams: tuple[Code, ...]
    resources: tuple[Code, ...]
    types: tuple[Code, ...]
    content: tuple[Code, ...]


def plan_index(api: Api, names: Names, header: Code) -> IndexPage:
    """Plan the package's front."""
    options = [each.name.text for each in names.header_maps.values()]
    resources = [
        (own.exported.module, [own.exported.name.text])
        for path, own in names.resources.items()
        if path
    ]
    params = [
        (own.exported.module, sorted(each.name.text for each in own.params.values()))
        for own in names.resources.values()
        if own.params
    ]
    return IndexPage(
        header=header,
        client=identifier(names.client.name),
        base_error=identifier(names.base_error),
        configuration=_export(
            "configuration",
            sorted(
                [
                    *("ClientOptions", "RequestOptions", "ResourceOptions"),
                    *(["PendingOptions"] if pending_option(api) else []),
                    *options,
                ]
            ),
            only_types=True,
        ),
        errors=_export("errors", _sorted_names(names.errors.values()))
        if names.errors
        else None,
        streams=tuple(
            _export(each.module, [each.name.text]) for each in names.streams.values()
        ),
        resources=(
            *(_export(module, found) for module, found in resources),
            *(_export(module, found, only_types=True) for module, found in params),
        ),
        types=tuple(
            assembled("export type * from {};", module_path(f"./{module}.js"))
            for module in sorted({each.module for each in names.types.values()})
        ),
        content=(*_builders(names), *_beside(api, names), *_content(api)),
    )


def _builders(names: Names) -> Iterator[Code]:
    if names.builders:
        yield _export("builders", _sorted_names(names.builders.values()))
        yield fixed('export type { CallStats } from "./runtime/stats.js";')


def _beside(api: Api, names: Names) -> Iterator[Code]:
    """Give what a program takes beside the client, and carries only then."""
    surface, named = api.surface, names.surface
    if surface.scopes:
        yield _export(SCOPES, sorted(named[each.name].text for each in surface.scopes))
        yield _export(SCOPES, _sorted_names(names.scopes.values()), only_types=True)
        yield fixed('export { scopeOf } from "./runtime/scopes.js";')
    if surface.waits:
        found = [named[each.name].text for each in surface.waits]
        if surface.blocking is not None:
            found.append(UNTIL.text)
            yield fixed('export type { Waiting } from "./runtime/transport.js";')
        yield _export(WAITS, sorted(found))
        yield fixed('export type { WaitOptions } from "./runtime/waiting.js";')
    if surface.calls is not None:
        yield _export(CALLS, ["RawCalls"])
        yield fixed('export { RawAnswer, type RawBody } from "./runtime/passing.js";')
    assemblies = assembly_names(api, names)
    if assemblies:
        yield _export(ASSEMBLIES, sorted(each.text for each in assemblies.values()))
    if api.clients:
        yield _export(VENDORS, sorted(named[each.kind].text for each in api.clients))
        yield fixed('export type { ForeignSettings } from "./runtime/foreign.js";')


def _content(api: Api) -> Iterator[Code]:
    if api.content.constructors:
        yield fixed('export * as content from "./content.js";')
        yield fixed('export type { Media, MediaOptions } from "./runtime/media.js";')
    if api.content.vectors is not None:
        yield fixed('export * as vectors from "./vectors.js";')
    if api.webhooks:
        yield fixed('export * as webhooks from "./webhooks.js";')
    if any(scheme.token_url is not None for scheme in api.schemes):
        yield fixed(
            'export type { ClientCredentials } from "./runtime/credentials.js";'
        )
    if any(scheme.refresh_url is not None for scheme in api.schemes):
        yield fixed(
            "export type { RefreshedTokens, RefreshToken }"
            ' from "./runtime/credentials.js";'
        )
    if any(scheme.kind == "basic" for scheme in api.schemes):
        yield fixed('export type { BasicCredential } from "./runtime/credentials.js";')
    if api.content.output is not None:
        yield fixed('export { parseOutput } from "./output.js";')
        yield fixed('export type { StandardSchema } from "./runtime/output.js";')


def _sorted_names(exported: Iterable[Exported]) -> list[str]:
    return sorted(each.name.text for each in exported)


def _export(module: str, found: list[str], *, only_types: bool = False) -> Code:
    start = fixed("export type") if only_types else fixed("export")
    parts = [identifier(Name(name)) for name in found]
    source = module_path(f"./{module}.js")
    line = assembled("{} {{ {} }} from {};", start, joined(", ", parts), source)
    if len(line) <= WIDTH or len(parts) == 1:
        return line
    lines = joined("\n", [assembled("  {},", part) for part in parts])
    return assembled("{} {{\n{}\n}} from {};", start, lines, source)
