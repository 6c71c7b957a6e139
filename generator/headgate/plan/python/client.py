"""`_client.py`, `_options.py` and `_product.py`: what a caller begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, string
from headgate.plan.python.context import Context, name, string_tuple
from headgate.plan.python.definitions import is_plain_key
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import fits, lines, listed
from headgate.plan.python.methods import options_home
from headgate.plan.python.pending import pending_rule, waiting_rule
from headgate.plan.python.resources import ChildPage, children_of
from headgate.plan.python.surface import (
    HOME,
    ScopePage,
    WaitPage,
    scope_pages,
    wait_pages,
)

if TYPE_CHECKING:
    from headgate.ir.api import (
        ClientKind,
        CompatibleClient,
        HeaderMap,
        SecurityScheme,
        Server,
        ServerVariable,
    )
    from headgate.ir.surface import RawCalls


_VENDORS: Final[dict[ClientKind, tuple[str, str]]] = {
    "openai": ("OpenAI", "api_key"),
    "anthropic": ("Anthropic", "auth_token"),
}
"""The class of each vendor's client, and its option that is sent as a bearer."""
_WAITS = (
    "How many seconds to wait while the answer is pending, True for 300. What came of "
    "the call is then its answer, or its error."
)
_PARTS = "The parts of the API's address that may be set, unless `base_url` is."


@dataclass(frozen=True, slots=True)
class OptionPage:
    """An option of the client that comes from the specification."""

    name: Code
    docs: Code


@dataclass(frozen=True, slots=True)
class SecretPage:
    """An option of the client that holds a secret."""

    name: Code
    type: Code


@dataclass(frozen=True, slots=True)
class VendorPage:
    """A method that gives a vendor's own client with this client's settings."""

    name: Code
    kind: Code
    docs: Code
    settings: Code
    check: Code
    package: Code
    distribution: Code
    path: Code
    credential: Code


@dataclass(frozen=True, slots=True)
class ClientClass:
    """The client for one kind of calls."""

    name: Code
    base: Code
    http_client: Code
    docs: Code
    waits: tuple[WaitPage, ...]
    vendors: tuple[VendorPage, ...]
    children: tuple[ChildPage, ...]


@dataclass(frozen=True, slots=True)
class ServerPage:
    """The option for the parts of the API's address."""

    statement: Code
    type: Code
    argument: Code
    is_settable: bool


@dataclass(frozen=True, slots=True)
class ClientPage:
    """The module of the two clients."""

    header: Code
    docs: Code
    imports: tuple[tuple[Code, ...], ...]
    typing_imports: tuple[tuple[Code, ...], ...]
    secrets: tuple[SecretPage, ...]
    maps: tuple[OptionPage, ...]
    secret_items: Code
    map_items: Code
    header_options: tuple[Code, ...]
    header_items: Code
    server: ServerPage
    scopes: tuple[ScopePage, ...]
    passes_on: bool
    classes: tuple[ClientClass, ...]


@dataclass(frozen=True, slots=True)
class OptionsPage:
    """The options of a call, with the maps of headers that the API has."""

    header: Code
    maps: tuple[OptionPage, ...]
    waits: tuple[OptionPage, ...]
    imports: tuple[tuple[Code, ...], ...]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """The constants that are the same for every client of the package."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    waiting: Code | None
    arguments: tuple[Code, ...]


def secrets_of(context: Context) -> list[SecurityScheme]:
    """Give the schemes whose credential a client can hold, one for each option."""
    found: dict[str, SecurityScheme] = {}
    for scheme in context.api.schemes:
        if scheme.kind != "mutual_tls":
            found.setdefault(scheme.option, scheme)
    return list(found.values())


def secret_options(context: Context) -> list[str]:
    """Name the client's secrets, with those that tokens are given for."""
    schemes = secrets_of(context)
    found = [scheme.option for scheme in schemes]
    if any(scheme.token_url is not None for scheme in schemes):
        found += [each for each in ("client_id", "client_secret") if each not in found]
    if any(scheme.kind == "basic" for scheme in schemes):
        found += [each for each in ("username", "password") if each not in found]
    return found


def client_page(context: Context) -> ClientPage:
    """Plan the clients."""
    imports, later = Imports(), Imports()
    classes = tuple(
        _client(context, imports, later, is_async=is_async)
        for is_async in (False, True)
    )
    scopes = scope_pages(context, imports)
    if context.api.surface.calls is not None:
        imports.use(HOME, "PASSING")
    if context.api.header_maps:
        imports.use("collections.abc", "Mapping")
    imports.use("typing", "TYPE_CHECKING")
    imports.use("typing", "Self")
    later.use_module("httpx2")
    imports.use("._product", "PRODUCT")
    for used in ("HeaderValues", "StreamLimits", "TimeoutOptions", "client_options"):
        imports.use("._runtime.settings", used)
    later.use("._runtime.network", "Network")
    later.use("._runtime.retry", "RetryPolicy")
    later.use("._runtime.throttle", "Throttle")
    later.use("._runtime.interceptors", "Interceptor")
    imports.use("collections.abc", "Sequence")
    secrets = [name(option) for option in secret_options(context)]
    options = tuple(_secret(each, context, later) for each in secrets)
    server = _server_option(context, imports)
    maps = [name(each.option) for each in context.api.header_maps]
    headers = [name(each.option) for each in context.api.header_options]
    return ClientPage(
        header=context.header,
        docs=docstring(["The clients."], 0),
        imports=imports.groups(),
        typing_imports=later.groups(4),
        secrets=options,
        maps=tuple(map(_map, context.api.header_maps)),
        secret_items=_items(fixed("secrets={"), secrets),
        map_items=_items(fixed("header_maps={"), maps),
        header_options=tuple(headers),
        header_items=_items(fixed("header_options={"), headers),
        server=server,
        scopes=scopes,
        passes_on=context.api.surface.calls is not None,
        classes=classes,
    )


def _secret(option: Code, context: Context, later: Imports) -> SecretPage:
    """Plan the option of a secret; some may be renewed by a refresh token."""
    is_refreshed = any(
        each.refresh_url is not None and each.option == option.text
        for each in context.api.schemes
    )
    if not is_refreshed:
        return SecretPage(option, fixed("str"))
    kind = later.use("._runtime.refresh", "RefreshToken")
    return SecretPage(option, assembled("str | {}", kind))


def settable_server(context: Context) -> Server | None:
    """Give the API's address, if it has variables to be set."""
    api = context.api
    if context.config.client.default_base_url is not None or not api.servers:
        return None
    return api.servers[0] if api.servers[0].variables else None


def _server_option(context: Context, imports: Imports) -> ServerPage:
    server = settable_server(context)
    if server is None:
        empty = fixed("")
        return ServerPage(empty, empty, empty, is_settable=False)
    kind = fixed("ServerParts")
    head = imports.use("typing", "TypedDict")
    cast = imports.use("typing", "cast")
    imports.use("collections.abc", "Mapping")
    parts = [(each.name, _part_type(each, imports)) for each in server.variables]
    statement = _typed_dict(kind, head, parts)
    argument = assembled('{}("Mapping[str, str] | None", server)', cast)
    return ServerPage(statement, kind, argument, is_settable=True)


def _typed_dict(kind: Code, base: Code, parts: list[tuple[str, Code]]) -> Code:
    """Write a class, or a call where a key is no name of an attribute."""
    if all(is_plain_key(key) for key, _ in parts):
        head = assembled("class {}({}, total=False):", kind, base)
        docs = assembled("    {}\n", docstring([_PARTS], 4))
        keys = [assembled("    {}: {}", name(key), type_) for key, type_ in parts]
        return lines([head, docs, *keys])
    entries = [assembled("        {}: {},", string(key), type_) for key, type_ in parts]
    return lines(
        [
            assembled("{} = {}(", kind, base),
            assembled("    {},", string(kind.text)),
            fixed("    {"),
            *entries,
            fixed("    },"),
            fixed("    total=False,"),
            fixed(")"),
            docstring([_PARTS], 0),
        ]
    )


def _part_type(variable: ServerVariable, imports: Imports) -> Code:
    if not variable.values:
        return fixed("str")
    texts = [string(value) for value in variable.values]
    start = assembled("{}[", imports.use("typing", "Literal"))
    return listed(start, texts, "]", indent=8, extra=len(variable.name) + 5)


def _items(start: Code, names: list[Code]) -> Code:
    pairs = [assembled("{}: {}", string(each.text), each) for each in names]
    return listed(start, pairs, "}", indent=12, extra=1)


def _map(target: HeaderMap) -> OptionPage:
    text = f"Values of `{target.prefix}*` headers by name."
    return OptionPage(name(target.option), docstring([text], 4))


def _client(
    context: Context, imports: Imports, later: Imports, *, is_async: bool
) -> ClientClass:
    base = _base(context, imports, is_async=is_async)
    own = f"Async{context.client}" if is_async else context.client
    return ClientClass(
        name=name(own),
        base=base,
        http_client=fixed(
            "httpx2.AsyncClient | Network" if is_async else "httpx2.Client"
        ),
        docs=docstring([context.api.docs.text or _about(context)], 4),
        waits=wait_pages(context, imports, later, is_async=is_async),
        vendors=tuple(
            _vendor(each, context, imports, later, is_async=is_async)
            for each in context.api.clients
        ),
        children=children_of(
            context.api.root, context, imports, later, package=".", is_async=is_async
        ),
    )


def _base(context: Context, imports: Imports, *, is_async: bool) -> Code:
    """Give the class that a client derives from."""
    calls = context.api.surface.calls
    if calls is not None:
        kind = "AsyncPassingClient" if is_async else "SyncPassingClient"
        base = imports.use("._runtime.passing", kind)
        options = imports.use(*raw_options(context, calls))
        return assembled("{}[{}]", base, options)
    return imports.use("._runtime.clients", "AsyncClient" if is_async else "SyncClient")


def _vendor(
    client: CompatibleClient,
    context: Context,
    imports: Imports,
    later: Imports,
    *,
    is_async: bool,
) -> VendorPage:
    """Plan the method that makes a vendor's client; its package is an extra."""
    kind = name(client.kind)
    vendor, credential = _VENDORS[client.kind]
    own = later.use(client.kind, f"Async{vendor}" if is_async else vendor)
    text = client.docs.text or f"{vendor}'s own client."
    extra = f"Needs the extra `{client.kind}`; its connections are its own."
    return VendorPage(
        name=kind,
        kind=own,
        docs=docstring([text, extra], 8),
        settings=imports.use("._runtime.foreign", "foreign_settings"),
        check=imports.use("._runtime.foreign", "require"),
        package=string(client.kind),
        distribution=string(context.config.python.distribution),
        path=string(client.path),
        credential=name(credential),
    )


def _about(context: Context) -> str:
    return f"A client for {' '.join(context.api.title.split()) or 'the API'}."


def options_page(context: Context) -> OptionsPage:
    """Plan the options of a call."""
    imports = Imports()
    if context.api.header_maps:
        imports.use("._runtime", "settings")
        imports.use("collections.abc", "Mapping")
    else:
        imports.use("._runtime.settings", "RequestOptions")
    blocking = context.api.surface.blocking
    option = blocking.blocking.option if blocking and blocking.blocking else None
    waits = (
        () if option is None else (OptionPage(name(option), docstring([_WAITS], 4)),)
    )
    if waits:
        imports.use("typing", "TypeAlias")
    return OptionsPage(
        header=context.header,
        maps=tuple(map(_map, context.api.header_maps)),
        waits=waits,
        imports=imports.groups(),
    )


def product_page(context: Context) -> ProductPage:
    """Plan the constants."""
    imports = Imports()
    imports.use("._errors", "ERRORS")
    imports.use("._runtime.settings", "Product")
    config = context.config
    version = config.package.version
    base_url = context.api.base_url
    named = [
        ("environment_prefix", config.client.environment_prefix),
        ("base_url", base_url),
        ("user_agent", f"{config.client.user_agent}/{version}"),
        ("sdk", f"python/{version}"),
        ("request_id_header", config.http.request_id_header),
        ("idempotency_header", config.http.idempotency_header),
        ("attempt_header", config.http.attempt_header),
        ("sdk_header", config.http.sdk_header),
    ]
    arguments = [
        assembled("{}={}", name(key), string(value) if value else fixed("None"))
        for key, value in named
    ]
    arguments.append(_tuple_of("credentials", _credentials(context, imports)))
    arguments.append(_tuple_of("header_maps", _header_maps(context, imports)))
    arguments.append(fixed("errors=ERRORS"))
    headers = [
        assembled("{}: {}", string(each.option), string(each.header))
        for each in context.api.header_options
    ]
    if headers:
        start = fixed("header_options={")
        arguments.append(listed(start, headers, "}", indent=4, extra=1))
    server = settable_server(context)
    if server is not None:
        arguments.append(_server_rule(server, imports))
    waiting = waiting_rule(context, imports)
    pending = pending_rule(context, imports)
    if pending is not None:
        arguments.append(pending)
    return ProductPage(context.header, imports.groups(), waiting, tuple(arguments))


def _tuple_of(key: str, items: list[Code]) -> Code:
    if not items:
        return assembled("{}=()", name(key))
    if len(items) == 1:
        one = assembled("{}=({},)", name(key), items[0])
        if "\n" not in one.text and fits(4, one, 1):
            return one
    inner = [assembled("        {},", item) for item in items]
    return lines([assembled("{}=(", name(key)), *inner, fixed("    )")])


def _credentials(context: Context, imports: Imports) -> list[Code]:
    return [
        _credential(scheme, imports.use("._runtime.settings", "Credential"))
        for scheme in secrets_of(context)
    ]


def _credential(scheme: SecurityScheme, kind: Code) -> Code:
    start = assembled("{}(", kind)
    items = [assembled("option={}", string(scheme.option))]
    token_url = scheme.token_url
    if scheme.kind == "api_key":
        items.append(assembled("place={}", string(scheme.place or "header")))
        items.append(assembled("name={}", string(scheme.parameter or "authorization")))
    else:
        place = "basic" if scheme.kind == "basic" else "bearer"
        items.append(assembled("place={}", string(place)))
    if token_url is not None:
        items.append(assembled("token_url={}", string(token_url)))
        if scheme.scopes:
            items.append(assembled("scopes={}", string_tuple(scheme.scopes)))
    if scheme.refresh_url is not None:
        items.append(assembled("refresh_url={}", string(scheme.refresh_url)))
    return listed(start, items, ")", indent=8, extra=1)


def _server_rule(server: Server, imports: Imports) -> Code:
    defaults = [
        assembled("{}: {}", string(each.name), string(each.default))
        for each in server.variables
    ]
    values = [
        assembled("{}: {}", string(each.name), string_tuple(each.values))
        for each in server.variables
        if each.values
    ]
    items = [
        assembled("template={}", string(server.template)),
        listed(fixed("defaults={"), defaults, "}", indent=8, extra=1),
        listed(fixed("values={"), values, "}", indent=8, extra=1),
    ]
    start = assembled("server={}(", imports.use("._runtime.settings", "Server"))
    return listed(start, items, ")", indent=4, extra=1)


def _header_maps(context: Context, imports: Imports) -> list[Code]:
    found: list[Code] = []
    for target in context.api.header_maps:
        kind = imports.use("._runtime.settings", "HeaderMap")
        members = [
            assembled("{}: {}", string(member), string(header))
            for member, header in target.members
        ]
        start = assembled("{}(", kind)
        table = listed(fixed("members={"), members, "}", indent=12, extra=1)
        items = [
            assembled("option={}", string(target.option)),
            assembled("prefix={}", string(target.prefix)),
            table,
        ]
        found.append(listed(start, items, ")", indent=8, extra=1))
    return found


def raw_options(context: Context, calls: RawCalls) -> tuple[str, str]:
    """Say where the options of a raw call come from; some may be waited for."""
    if calls.pending is not None and context.api.surface.blocking is not None:
        return "._options", "AnyRequestOptions"
    return options_home(context, ".")


def requests_options_home(context: Context) -> tuple[str, str]:
    """Say where the package's root finds `RequestOptions`."""
    return options_home(context, ".")
