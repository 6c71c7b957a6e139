"""The module of configuration: the client's options and what every call shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    access,
    doc_comment,
    identifier,
    string,
    type_key,
    value_key,
)
from headgate.names import Name, Scope, camel, constant, split_words
from headgate.plan.typescript.errors import error_form
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    WIDTH,
    Array,
    Call,
    Entry,
    Object,
    one_line,
    open_object,
)
from headgate.plan.typescript.names import RESERVED_WORDS
from headgate.plan.typescript.requests import product_security
from headgate.plan.typescript.waits import (
    PendingOption,
    option_name,
    pending_option,
)

if TYPE_CHECKING:
    from headgate.document.config import Config
    from headgate.ir.api import Api, HeaderMap, SecurityScheme, Server
    from headgate.plan.typescript.layout import Value
    from headgate.plan.typescript.names import Names

_SHARED_OPTIONS = frozenset(
    {
        *("baseUrl", "extensions", "fetch", "frameLimits", "headers", "interceptors"),
        *("platformHeaders", "retry", "server", "timeouts", "traceContext"),
    }
)
_CALL_OPTIONS = frozenset(
    {
        *("brokenEvents", "extraBody", "headers", "idempotencyKey", "interceptors"),
        *("maxAttempts", "query", "signal", "strict", "timeouts"),
    }
)


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the client."""

    docs: Code
    name: Code
    type: Code


@dataclass(frozen=True, slots=True)
class MapPlan:
    """An interface of the names that a map of headers knows."""

    docs: Code
    name: Code
    members: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationPage:
    """The module of configuration."""

    header: Code
    imports: tuple[Code, ...]
    maps: tuple[MapPlan, ...]
    credentials: tuple[Option, ...]
    map_options: tuple[Option, ...]
    header_options: tuple[Option, ...]
    headers: Code | None
    has_options: bool
    server: Option | None
    product: Code
    product_type: Code
    connect: Code
    settled: Code | None
    settings: Code
    pending: PendingOption | None


def plan_configuration(
    api: Api, names: Names, config: Config, header: Code
) -> ConfigurationPage:
    """Plan the module of configuration."""
    imports = Imports("configuration")
    imports.runtime_type("settings", "ConnectionOptions")
    imports.runtime_type("transport", "CallOptions")
    imports.runtime_type("transport", "Credentials")
    imports.runtime("transport", "Transport")
    imports.runtime("settings", "transportSettings")
    options = option_names(api)
    if api.surface.blocking is not None:
        imports.runtime_type("transport", "Waiting")
    product = open_object(_product(api, config, options), 0)
    settled = _settled(api, config, imports)
    return ConfigurationPage(
        header=header,
        maps=tuple(_map(each, names) for each in api.header_maps),
        credentials=_credential_options(
            api, imports, options, config.client.environment_prefix
        ),
        header_options=_header_options(api, options, config.client.environment_prefix),
        headers=_sent_headers(api, options),
        server=_server_option(api, config),
        settled=settled,
        settings=fixed("product" if settled is None else "settled"),
        map_options=tuple(
            Option(
                docs=doc_comment(_map_docs(each), depth=2),
                name=identifier(options[each.option]),
                type=identifier(names.header_maps[each.option].name),
            )
            for each in api.header_maps
        ),
        has_options=bool(options) or _server(api, config) is not None,
        product=product,
        product_type=imports.runtime_type("transport", "Product"),
        connect=_connect(api, imports, options),
        imports=imports.lines(),
        pending=pending_option(api),
    )


def option_names(api: Api) -> dict[str, Name]:
    """Name the options that the specification adds, by the spec's word for them."""
    scope = Scope(reserved=_SHARED_OPTIONS | _CALL_OPTIONS | RESERVED_WORDS)
    found: dict[str, Name] = {}
    for option in (
        *(scheme.option for scheme in api.schemes),
        *(header_map.option for header_map in api.header_maps),
        *(each.option for each in api.header_options),
    ):
        if option not in found:
            found[option] = scope.claim(camel(split_words(option)), "option")
    return found


def variable(prefix: str, option: str) -> str:
    """Give the environment variable of an option."""
    return f"{prefix}_{constant(split_words(option))}"


def map_variable(prefix: str, option: str) -> str:
    """A variable names one entry, so the option's plural goes."""
    return variable(prefix, option).removesuffix("S")


def _server(api: Api, config: Config) -> Server | None:
    """Give the API's address, if it has variables to be set."""
    if config.client.default_base_url is not None or not api.servers:
        return None
    return api.servers[0] if api.servers[0].variables else None


def _server_option(api: Api, config: Config) -> Option | None:
    server = _server(api, config)
    if server is None:
        return None
    members = [
        assembled(
            "readonly {}?: {}",
            type_key(each.name),
            joined(" | ", [string(value) for value in each.values])
            if each.values
            else fixed("string"),
        )
        for each in server.variables
    ]
    return Option(
        docs=doc_comment(
            "The parts of the API's address that may be set, unless `baseUrl` is.",
            depth=2,
        ),
        name=fixed("server"),
        type=assembled("{{ {} }}", joined("; ", members)),
    )


def _settled(api: Api, config: Config, imports: Imports) -> Code | None:
    """Write the product, its address put together from what a client sets."""
    server = _server(api, config)
    if server is None:
        return None
    defaults = [
        Entry(value_key(each.name), string(each.default)) for each in server.variables
    ]
    address = Call(
        imports.runtime("servers", "serverUrl"),
        (
            string(server.template),
            one_line(Object(tuple(defaults))),
            fixed("client.server"),
        ),
    )
    entries = [
        Entry(fixed("...product"), fixed("...product")),
        Entry(fixed("baseUrl"), address),
    ]
    return open_object(entries, 2)


def _credential_options(
    api: Api, imports: Imports, options: dict[str, Name], prefix: str
) -> tuple[Option, ...]:
    docs: dict[str, str] = {}
    kinds: dict[str, Code] = {}
    for scheme in api.schemes:
        known = docs.get(scheme.option) or scheme.docs.text.strip()
        docs[scheme.option] = known
        further = _further_type(scheme, imports)
        if further is not None:
            kinds[scheme.option] = assembled("string | {}", further)
    return tuple(
        Option(
            docs=doc_comment(
                _told(
                    text,
                    "A client without it takes"
                    f" `{variable(prefix, option)}` of the environment.",
                ),
                depth=2,
            ),
            name=identifier(options[option]),
            type=kinds.get(option, fixed("string")),
        )
        for option, text in docs.items()
    )


def _header_options(
    api: Api, options: dict[str, Name], prefix: str
) -> tuple[Option, ...]:
    return tuple(
        Option(
            docs=doc_comment(
                _told(
                    f"Sent as `{each.header}` with every call.",
                    "A client without it takes"
                    f" `{variable(prefix, each.option)}` of the environment.",
                ),
                depth=2,
            ),
            name=identifier(options[each.option]),
            type=fixed("string"),
        )
        for each in api.header_options
    )


def _sent_headers(api: Api, options: dict[str, Name]) -> Code | None:
    """Write the client's headers, with those that options are sent as."""
    if not api.header_options:
        return None
    entries = [
        Entry(
            value_key(each.header),
            assembled("client{}", access(options[each.option].text)),
        )
        for each in api.header_options
    ]
    spread = fixed("...client.headers")
    return open_object([*entries, Entry(spread, spread)], 2)


def _further_type(scheme: SecurityScheme, imports: Imports) -> Code | None:
    """Give what a credential may be beside a text."""
    kinds: list[Code] = []
    if scheme.token_url is not None:
        kinds.append(imports.runtime_type("credentials", "ClientCredentials"))
    if scheme.refresh_url is not None:
        kinds.append(imports.runtime_type("credentials", "RefreshToken"))
    if kinds:
        return joined(" | ", kinds)
    if scheme.kind == "basic":
        return imports.runtime_type("credentials", "BasicCredential")
    return None


def _told(text: str, more: str) -> str:
    return f"{text}\n\n{more}" if text else more


def _map_docs(header_map: HeaderMap) -> str:
    return f"Values sent as `{header_map.prefix}…` headers, by name."


def _map(header_map: HeaderMap, names: Names) -> MapPlan:
    members = [
        assembled("readonly {}?: string;", type_key(name))
        for name, _ in header_map.members
    ]
    members.append(fixed("readonly [name: string]: string | undefined;"))
    return MapPlan(
        docs=doc_comment(_map_docs(header_map)),
        name=identifier(names.header_maps[header_map.option].name),
        members=tuple(members),
    )


def _product(api: Api, config: Config, options: dict[str, Name]) -> list[Entry]:
    http, version = config.http, config.package.version
    base_url = config.client.default_base_url or api.base_url
    entries: list[Entry] = []
    if base_url is not None and base_url.startswith(("http://", "https://")):
        entries.append(Entry(fixed("baseUrl"), string(base_url)))
    sdk: list[Entry] = []
    if http.sdk_header is not None:
        value = string(f"typescript/{version}")
        sdk.append(Entry(value_key(http.sdk_header), value))
    entries += [
        Entry(
            fixed("userAgent"),
            string(f"{config.client.user_agent}-typescript/{version}"),
        ),
        Entry(fixed("headers"), Object(tuple(sdk))),
    ]
    for key, name in (
        (fixed("requestIdHeader"), http.request_id_header),
        (
            fixed("idempotencyHeader"),
            http.idempotency_header or "Idempotency-Key",
        ),
        (fixed("attemptHeader"), http.attempt_header),
    ):
        if name is not None:
            entries.append(Entry(key, string(name)))
    maps = [
        Entry(value_key(options[each.option].text), _header_map(each))
        for each in api.header_maps
    ]
    entries.append(Entry(fixed("headerMaps"), Object(tuple(maps))))
    entries += product_security(api)
    secret = tuple(string(name) for name in _secret_headers(api))
    if secret:
        entries.append(Entry(fixed("secretHeaders"), Array(secret)))
    entries.append(Entry(fixed("errors"), error_form(api.errors)))
    wait = api.surface.blocking
    if wait is not None and wait.blocking is not None:
        entries.append(Entry(fixed("waits"), string(option_name(wait.blocking))))
    return entries


_SOUNDS_SECRET = re.compile(
    r"(^|[-_])(key|apikey|secret|password|token|authorization|cookie|credential)$",
    re.IGNORECASE,
)
"""Headers whose values the runtime shows to nobody, whatever the document says."""


def _secret_headers(api: Api) -> list[str]:
    """Give what holds a secret that its name does not tell, of scopes and schemes."""
    found = [
        scheme.parameter
        for scheme in api.schemes
        if scheme.kind == "api_key" and scheme.parameter is not None
    ]
    for scope in api.surface.scopes:
        secret = {each.name for each in scope.arguments if each.secret}
        found += [h.name for h in scope.headers if secret & set(h.pieces[1::2])]
    return [name for name in dict.fromkeys(found) if not _SOUNDS_SECRET.search(name)]


def _header_map(header_map: HeaderMap) -> Value:
    members = tuple(
        string(_shown_member(header_map.prefix, name, header))
        for name, header in header_map.members
        if not _follows(header_map.prefix, name, header)
    )
    return Object(
        (
            Entry(fixed("prefix"), string(header_map.prefix)),
            Entry(fixed("members"), Array(members)),
        )
    )


def _follows(prefix: str, name: str, header: str) -> bool:
    """Whether the header is the prefix and the name anyway: one word, in any case."""
    end = header.removeprefix(prefix)
    return end.isalpha() and end == end.capitalize() and end.lower() == name.lower()


def _shown_member(prefix: str, name: str, header: str) -> str:
    """Write what follows the prefix, or else a name and its whole header."""
    end = header.removeprefix(prefix)
    if header.startswith(prefix) and _letters(end) == _letters(name):
        return end
    return f"{_letters(name)}={header}"


def _letters(name: str) -> str:
    """Spell a name as the runtime looks it up: every way to write it is one."""
    return name.lower().replace("-", "").replace("_", "")


def _connect(api: Api, imports: Imports, options: dict[str, Name]) -> Code:
    """Write the record of credentials, by scheme."""
    entries = [
        Entry(value_key(scheme.name), _credential(scheme, imports, options))
        for scheme in api.schemes
        if scheme.kind != "mutual_tls"
    ]
    return open_object(entries, 2)


_DEPTH = 4
"""How far the credentials are indented."""


def _credential(
    scheme: SecurityScheme, imports: Imports, options: dict[str, Name]
) -> Value:
    option = assembled("client{}", access(options[scheme.option].text))
    urls = [
        Entry(key, string(url))
        for key, url in (
            (fixed("token"), scheme.token_url),
            (fixed("refresh"), scheme.refresh_url),
        )
        if url is not None
    ]
    if not urls:
        return _placed(scheme, imports, option)
    make = imports.runtime("credentials", "tokenCredential")
    made = assembled("{}({}, {})", make, option, one_line(Object(tuple(urls))))
    key = value_key(scheme.name)
    if _DEPTH + len(key) + len(": ") + len(made) + len(",") > WIDTH:
        places = open_object(urls, _DEPTH)
        made = assembled("{}({}, {})", make, option, places)
    return made


def _placed(scheme: SecurityScheme, imports: Imports, option: Code) -> Call:
    name, runtime = string(scheme.parameter or ""), imports.runtime
    match scheme.kind, scheme.place:
        case "api_key", "header":
            return Call(runtime("credentials", "inHeader"), (name, option))
        case "api_key", "query":
            return Call(runtime("credentials", "inQuery"), (name, option))
        case "api_key", "cookie":
            return Call(runtime("credentials", "inCookie"), (name, option))
        case "basic", _:
            return Call(runtime("credentials", "basic"), (option,))
        case _:
            return Call(runtime("credentials", "bearer"), (option,))
