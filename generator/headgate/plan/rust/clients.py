"""The pages of the client and of the crate's root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.plan.rust import layout
from headgate.plan.rust.docs import described
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.names import claim_constant, claim_snake, scope
from headgate.plan.rust.operations import ChildPage
from headgate.plan.rust.surface import PASSED, plan_scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.document.config import Config
    from headgate.ir.api import (
        Api,
        CompatibleClient,
        HeaderMap,
        HeaderOption,
        SecurityScheme,
        Server,
        ServerVariable,
    )
    from headgate.names import Scope
    from headgate.plan.rust.blocking import BlockingPage
    from headgate.plan.rust.operations import Place
    from headgate.plan.rust.surface import PassingPage, ScopePage, WaitPage, WaitWriter


@dataclass(frozen=True, slots=True)
class SchemePage:
    """A credential: where it goes and the builder's method for it."""

    docs: Code
    method: Code
    option: Code
    place: Code
    pair: Code | None
    grant: Code | None
    renewal: Code | None


@dataclass(frozen=True, slots=True)
class VariablePage:
    """A part of the API's address and the builder's method for it."""

    docs: Code
    method: Code
    statement: Code
    key: Code
    default: Code
    values: Code


@dataclass(frozen=True, slots=True)
class HeaderMapPage:
    """An option that maps names to headers."""

    constant: Code
    docs: Code
    method: Code
    option: Code
    prefix: Code
    members: Code


@dataclass(frozen=True, slots=True)
class HeaderSetterPage:
    """The builder's method for an option that is a header of every call."""

    docs: Code
    method: Code
    option: Code
    header: Code


@dataclass(frozen=True, slots=True)
class VendorPage:
    """A method that gives the address for a vendor's own client."""

    docs: Code
    name: Code
    path: Code


_BUILDER_METHODS: Final = (
    "base_url",
    "server",
    "timeouts",
    "retry",
    "throttle",
    "stream_limits",
    "without_header",
    "platform_headers",
    "header",
    "http_client",
    "interceptor",
    "logger",
    "log_level",
    "trace_context",
    "build",
)


@dataclass(frozen=True, slots=True)
class ClientPage:
    """The file of the client."""

    header: Code
    imports: Code
    docs: Code
    base_url: Code
    lone_variable: VariablePage | None
    variables: tuple[VariablePage, ...]
    environment_prefix: Code
    user_agent: Code
    sdk_header: Code
    request_id_header: Code
    idempotency_header: Code
    attempt_header: Code
    lone_scheme: SchemePage | None
    schemes: tuple[SchemePage, ...]
    header_maps: tuple[HeaderMapPage, ...]
    header_options: Code
    header_setters: tuple[HeaderSetterPage, ...]
    vendors: tuple[VendorPage, ...]
    children: tuple[ChildPage, ...]
    scopes: tuple[ScopePage, ...]
    passing: PassingPage | None
    waits: tuple[WaitPage, ...]
    blocking: BlockingPage | None


def plan_client(
    api: Api,
    config: Config,
    places: Mapping[tuple[str, ...], Place],
    header: Code,
    waits: WaitWriter,
) -> ClientPage:
    """Plan the file of the client."""
    imports = Imports()
    calls = api.surface.calls
    passed = PASSED if calls is not None else ()
    scoped = ("scope",) if api.surface.scopes else ()
    methods = scope("builder", "from_env", "new", *passed, *scoped)
    scopes = plan_scopes(api.surface.scopes, methods)
    if scopes:
        imports.use("crate", "scopes")
        imports.use("std::collections", "BTreeMap")
    schemes_known = [scheme.name for scheme in api.schemes]
    passing = waits.passing(schemes_known, imports)
    waiting = waits.pages(methods, imports)
    vendors = tuple(_vendor(each, methods) for each in api.clients)
    children = tuple(_children(api, places, imports, methods))
    options = scope(*_BUILDER_METHODS)
    indent = 8 if len(api.schemes) == 1 else 12
    schemes = tuple(_scheme(scheme, options, indent) for scheme in api.schemes)
    maps = tuple(_header_map(each, options) for each in api.header_maps)
    setters = tuple(_header_setter(each, options) for each in api.header_options)
    blocking = waits.blocking([each.constant for each in maps], imports)
    server = _server(api, config)
    parts = server.variables if server is not None else ()
    inner = 8 if len(parts) == 1 else 12
    named = scope("new", "parts")
    variables = tuple(_variable(each, named, inner) for each in parts)
    if variables:
        imports.use("crate::runtime::config", "ServerVariable")
    version = config.package.version
    sdk = f"rust/{version}"
    http = config.http
    sdk_header = fixed("None")
    if http.sdk_header is not None:
        sdk_header = assembled(
            "Some(({}, {}))", rust.string(http.sdk_header), rust.string(sdk)
        )
    for name in (fixed("Config"), fixed("Service"), fixed("Timeouts")):
        imports.use_code(fixed("crate::runtime::config"), name)
    imports.use("crate::runtime::error", "Error")
    imports.use("crate::errors", "ERROR_SHAPE")
    imports.use("crate::runtime::interceptors", "Interceptor")
    imports.use("crate::runtime::logging", "LogLevel")
    imports.use("crate::runtime::logging", "LogRecord")
    imports.use("crate::runtime::retry", "RetryPolicy")
    imports.use("crate::runtime::sse", "Limits")
    imports.use("crate::runtime::throttle", "Throttle")
    imports.use("crate::runtime::transport", "Core")
    imports.use("std::sync", "Arc")
    _import_schemes(schemes, imports)
    if maps:
        imports.use("crate::runtime::config", "NamedHeaders")
        imports.use("crate::runtime::call", "Call")
        imports.use("crate::runtime::call", "Reply")
    return ClientPage(
        header=header,
        imports=imports.lines(),
        docs=rust.doc(described(api.docs, f"A client of {api.title}")),
        base_url=rust.option(
            server.template
            if server is not None
            else config.client.default_base_url or api.base_url
        ),
        lone_variable=variables[0] if len(variables) == 1 else None,
        variables=variables,
        environment_prefix=rust.string(config.client.environment_prefix),
        user_agent=rust.string(f"{config.client.user_agent}-rust/{version}"),
        sdk_header=sdk_header,
        request_id_header=rust.option(http.request_id_header),
        idempotency_header=rust.option(http.idempotency_header),
        attempt_header=rust.option(http.attempt_header),
        lone_scheme=schemes[0] if len(schemes) == 1 else None,
        schemes=schemes,
        header_maps=maps,
        header_options=_header_options(api),
        header_setters=setters,
        vendors=vendors,
        children=children,
        scopes=scopes,
        passing=passing,
        waits=waiting,
        blocking=blocking,
    )


def _vendor(client: CompatibleClient, methods: Scope) -> VendorPage:
    said = described(client.docs, f"The API as `{client.kind}` clients call it")
    return VendorPage(
        docs=rust.doc(f"{said}\n\nThis is the address to give such a client.", 4),
        name=claim_snake(methods, f"{client.kind}_base_url", "address"),
        path=rust.string(client.path),
    )


def _children(
    api: Api,
    places: Mapping[tuple[str, ...], Place],
    imports: Imports,
    methods: Scope,
) -> Iterable[ChildPage]:
    resources = api.root.children
    if () in places:
        resources = (api.root, *resources)
    for resource in resources:
        place = places[resource.path]
        imports.use_code(place.path, place.name)
        title = ".".join(resource.path) or "API"
        text = described(resource.docs, f"The calls of `{title}`")
        last = resource.path[-1] if resource.path else "api"
        name = claim_snake(methods, last, "resource")
        signature = layout.accessor(name, place.name)
        yield ChildPage(rust.doc(text, 4), signature, place.name, name)


def _scheme(scheme: SecurityScheme, options: Scope, indent: int) -> SchemePage:
    grant = renewal = None
    if _has_grant(scheme) and scheme.token_url is not None:
        name = claim_snake(options, "client_credentials", "credential")
        grant = _two_texts(name, fixed("client_id"), fixed("client_secret"))
    if _is_renewed(scheme):
        renewal = claim_snake(options, "refresh_token", "credential")
    method = claim_snake(options, scheme.option, "credential")
    pair = _two_texts(method, fixed("username"), fixed("password"))
    return SchemePage(
        pair=pair if scheme.kind == "basic" else None,
        grant=grant,
        renewal=renewal,
        docs=rust.doc(
            described(scheme.docs, f"Sets the credential `{scheme.name}`"), 4
        ),
        method=method,
        option=rust.string(scheme.option),
        place=_place(scheme, indent),
    )


def _import_schemes(schemes: tuple[SchemePage, ...], imports: Imports) -> None:
    if schemes:
        imports.use("crate::runtime::config", "Place")
        imports.use("crate::runtime::config", "Scheme")
    if any(each.renewal for each in schemes):
        imports.use("crate::runtime::tokens", "RefreshToken")


def _two_texts(method: Code, first: Code, second: Code) -> Code:
    """Write the head of a builder's method that takes two texts."""
    texts = [assembled("{}: impl Into<String>", name) for name in (first, second)]
    parameters = (fixed("mut self"), *texts)
    head = assembled("pub fn {}", method)
    return layout.signature(4, head, parameters, fixed(" -> Self {"))


def _server(api: Api, config: Config) -> Server | None:
    """Give the API's address, if it has variables to be set."""
    if config.client.default_base_url is not None or not api.servers:
        return None
    return api.servers[0] if api.servers[0].variables else None


def _variable(each: ServerVariable, parts: Scope, indent: int) -> VariablePage:
    said = described(each.docs, f"Sets `{each.name}` of the API's address")
    if each.values:
        known = ", ".join(f"`{value}`" for value in each.values)
        said = f"{said}\n\nOne of {known}; `{each.default}` unless it is set."
    else:
        said = f"{said}\n\n`{each.default}` unless it is set."
    head, name = fixed("self.parts.push"), rust.string(each.name)
    given = assembled("({}, value.into())", name)
    values = [rust.string(value) for value in each.values]
    return VariablePage(
        docs=rust.doc(said, 4),
        method=claim_snake(parts, each.name, "variable"),
        statement=layout.call(8, head, (given,), fixed(";")),
        key=layout.member(indent, fixed("name"), name),
        default=layout.member(indent, fixed("default"), rust.string(each.default)),
        values=layout.short_list(indent, fixed("values: &"), values, fixed(",")),
    )


def _has_grant(scheme: SecurityScheme) -> bool:
    got = scheme.token_url is not None or scheme.refresh_url is not None
    return scheme.kind == "oauth2" and got


def _is_renewed(scheme: SecurityScheme) -> bool:
    return scheme.kind == "oauth2" and scheme.refresh_url is not None


def _place(scheme: SecurityScheme, indent: int) -> Code:
    if _has_grant(scheme):
        fields = (
            assembled("url: {}", rust.option(scheme.token_url)),
            assembled("renewal: {}", rust.option(scheme.refresh_url)),
            assembled("scopes: {}", rust.string(" ".join(scheme.scopes))),
        )
        block = layout.block(indent + 4, fields)
        pad = fixed(layout.spaces(indent))
        return assembled("Place::Token {{\n{}\n{}}}", block, pad)
    match scheme.kind:
        case "bearer" | "oauth2" | "openid":
            return fixed("Place::Bearer")
        case "basic":
            return fixed("Place::Basic")
        case "mutual_tls":
            return fixed("Place::Elsewhere")
        case "api_key":
            name = rust.string(scheme.parameter or "")
            if scheme.place == "query":
                return assembled("Place::Query({})", name)
            if scheme.place == "cookie":
                return assembled("Place::Cookie({})", name)
            return assembled("Place::Header({})", name)


def _header_options(api: Api) -> Code:
    """Write the end of each option's variable, with its header."""
    named = ((each.option.upper(), each.header) for each in api.header_options)
    pairs = [assembled("({}, {})", *map(rust.string, pair)) for pair in named]
    return layout.list_literal(4, fixed("header_options: &"), pairs, fixed(","))


def _header_setter(each: HeaderOption, options: Scope) -> HeaderSetterPage:
    return HeaderSetterPage(
        docs=rust.doc(f"Sets the header `{each.header}` of every request.", 4),
        method=claim_snake(options, each.option, "header"),
        option=rust.string(each.option),
        header=rust.string(each.header),
    )


def _header_map(each: HeaderMap, options: Scope) -> HeaderMapPage:
    singular = each.option.removesuffix("s") or each.option
    pairs = [
        assembled("({}, {})", rust.string(name), rust.string(header))
        for name, header in each.members
    ]
    return HeaderMapPage(
        constant=claim_constant(scope("SERVICE"), (each.option,), "HEADERS"),
        docs=rust.doc(f"Sets the header `{each.prefix}…` for a name.", 4),
        method=claim_snake(options, singular, "header"),
        option=rust.string(singular),
        prefix=rust.string(each.prefix),
        members=layout.list_literal(4, fixed("members: &"), pairs, fixed(",")),
    )
