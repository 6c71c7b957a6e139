"""Every name that the package shows, decided once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.names import (
    DEVICES,
    Name,
    Scope,
    apart,
    camel,
    kebab,
    pascal,
    split_words,
    type_case,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.streams import Stream
    from headgate.ir.surface import Builder
    from headgate.ir.types import Definition, TypeId

LONGEST = 60
"""The length up to which every layout is settled, with room for a number behind it."""

RESERVED_WORDS = frozenset(
    "abstract any arguments as async await boolean break case catch class const"
    " constructor continue debugger declare default delete do else enum eval export"
    " extends false finally for from function get if implements import in instanceof"
    " interface let namespace never new null number object of package private"
    " protected public return set static string super switch symbol this throw true"
    " try type typeof undefined unique unknown var void while with yield".split()
)

TAKEN_TYPES = frozenset(
    """
    APIConnectionError APIError APITimeoutError AccumulatedStream Accumulator
    ApiResource Array AssemblyRule AsyncGenerator AsyncIterable AttemptRequest
    AttemptResponse BasicCredential BinaryInput Blob BlockingRule Boolean
    CallOptions CallStats ClientCredentials ClientOptions ConfigurationError
    ConnectionOptions Credentials Date DetailTable EventStream Exchange Extension
    Fetch File ForeignSettings FormData Function HeaderTable Interceptor JsonPieces
    LogLevel LogOptions Logger Map Media MediaOptions Number Object OperationRequest
    Page PagePromise PartialJson PassedCalls PassingRule PendingOptions Product
    Promise RawAnswer RawBody RawCalls Record RefreshToken RefreshedTokens
    RequestCancelledError RequestOptions ResourceOptions ResponseDecodeError
    ResponsePromise RetryPolicy ScopeShape SdkError Set StandardSchema Steps
    StreamClosedError StreamError StreamForeignError StreamGapError StreamLimitError
    StreamRule StreamTruncatedError String SumRule Summing Symbol ThrottleOptions
    Timeouts Transport URL Uint8Array UnknownTag UnknownVariant WaitOptions Waiting
    WebhookBody WebhookHeaders WebhookOptions WebhookScheme WebhookSecrets
    WebhookVerificationError
    """.split()
)
"""Names that the package's own text uses or exports, whatever the document."""

TAKEN_MEMBERS = frozenset(
    {"constructor", "prototype", "then", "toString", "transport", "valueOf"}
)

TAKEN_FUNCTIONS = frozenset(
    "content logging parseOutput pollUntilDecided scoped scopeOf untilDecided"
    " throttle toReadableStream vectors waitingFor webhooks foreignSettings".split()
)
"""Functions that the package's own text uses or exports."""

TAKEN_LOCALS = RESERVED_WORDS | {
    *("body", "options", "params", "request"),
    *(
        "asCookies",
        "asJson",
        "deepObject",
        "delimited",
        "label",
        "lenient",
        "listed",
        "matrix",
        "reserved",
    ),
    *("jsonAs", "multipart", "raw", "segment", "simple", "urlEncoded"),
    *("readBytes", "readJson", "readNothing", "readOptionalJson", "readText"),
    *("listPages", "byCursor", "byLink", "byNumber", "byOffset"),
}
"""Names that a method's own text uses."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A name and the module (below `src`, without an ending) that exports it."""

    name: Name
    module: str


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """A resource's class and its members.

    `methods` goes by an operation's id and the spec's name of the method.
    """

    exported: Exported
    children: Mapping[tuple[str, ...], Name]
    methods: Mapping[tuple[str, str], Name]
    params: Mapping[str, Exported]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a package."""

    client: Exported
    base_error: Name
    types: Mapping[TypeId, Exported]
    errors: Mapping[str, Exported]
    streams: Mapping[str, Exported]
    header_maps: Mapping[str, Exported]
    scopes: Mapping[str, Exported]
    surface: Mapping[str, Name]
    builders: Mapping[str, Exported]
    resources: Mapping[tuple[str, ...], ResourceNames]


@dataclass(slots=True)
class _Exports:
    """The one scope of all names that the package exports."""

    scope: Scope = field(default_factory=lambda: Scope(reserved=RESERVED_WORDS))
    taken: set[str] = field(default_factory=lambda: set(TAKEN_TYPES))

    def claim(self, fallback: str, *wanted: str) -> Name:
        """Give the first wanted name that is free, else a numbered one."""
        cut = [name[:LONGEST] for name in wanted]
        free = [name for name in cut if name not in self.taken]
        last = f"{cut[-1]}2" if cut[-1] in TAKEN_TYPES else cut[-1]
        name = self.scope.claim(free[0] if free else last, fallback)
        self.taken.add(name.text)
        return name


def name_everything(api: Api, client: str, modules: Mapping[TypeId, str]) -> Names:
    """Claim all names: the client's and the schemas' own come before made-up ones."""
    exports = _Exports()
    client_name = exports.claim("Client", client)
    surface = _surface_names(api)
    base_error = exports.claim("Client", f"{client_name.text}Error")
    errors = {
        error.name: Exported(exports.claim("Api", error.name), "errors")
        for error in api.errors.classes
    }
    types = _type_names(exports, api.definitions.values())
    return Names(
        client=Exported(client_name, "client"),
        base_error=base_error,
        types={
            type_id: Exported(name, modules[type_id]) for type_id, name in types.items()
        },
        errors=errors,
        streams=_stream_names(exports, api.streams.values()),
        header_maps={
            header_map.option: Exported(
                exports.claim("Headers", pascal(split_words(header_map.option))),
                "configuration",
            )
            for header_map in api.header_maps
        },
        scopes={
            scope.name: Exported(
                exports.claim("Scope", f"{pascal(split_words(scope.name))}Scope"),
                "scopes",
            )
            for scope in api.surface.scopes
        },
        surface=surface,
        builders={
            builder.name: Exported(
                exports.claim("Builder", _builder_name(api, builder)), "builders"
            )
            for builder in api.surface.builders
        },
        resources=_resource_names(exports, api, client_name),
    )


def _surface_names(api: Api) -> dict[str, Name]:
    """Name the functions that take a client, by the spec's word for each."""
    exported = Scope(reserved=RESERVED_WORDS | TAKEN_FUNCTIONS)
    words = [
        *(each.name for each in api.surface.scopes),
        *(each.name for each in api.surface.waits),
        *(each.kind for each in api.clients),
    ]
    return {word: exported.claim(camel(split_words(word)), "call") for word in words}


def _builder_name(api: Api, builder: Builder) -> str:
    """Name a builder after the resource of the call that it makes."""
    operation = next(each for each in api.operations if each.id == builder.operation)
    words = split_words("_".join((*operation.resource, builder.name)))
    return pascal(words)[:LONGEST]


def _type_names(
    exports: _Exports, definitions: Iterable[Definition]
) -> dict[TypeId, Name]:
    """Name the types, those last whose own name is the package's."""
    wanted = {each.id: type_case(each.words)[:LONGEST] for each in definitions}
    named = apart(wanted, exports.taken | RESERVED_WORDS)
    return {id_: exports.claim("Type", name) for id_, name in named.items()}


def _stream_names(exports: _Exports, streams: Iterable[Stream]) -> dict[str, Exported]:
    files = Scope(fold_case=True)
    found: dict[str, Exported] = {}
    for stream in streams:
        words = split_words(stream.name)
        name = exports.claim("Event", f"{pascal(words)}Stream"[-LONGEST:])
        file = files.claim("_".join(words), "stream").text.replace("_", "-")
        found[stream.name] = Exported(name, f"streams/{file}")
    return found


def _resource_names(
    exports: _Exports, api: Api, client: Name
) -> dict[tuple[str, ...], ResourceNames]:
    root = api.root
    home = Exported(client, "client")
    found = {root.path: _members(exports, root, home)}
    files = Scope(fold_case=True)
    waiting = list(root.children)
    while waiting:
        resource = waiting.pop(0)
        last = pascal(split_words(resource.path[-1]))
        whole = pascal(word for part in resource.path for word in split_words(part))
        name = exports.claim("Resource", last, whole, f"{whole}Resource")
        exported = Exported(name, _resource_module(files, resource.path))
        found[resource.path] = _members(exports, resource, exported)
        waiting[:0] = resource.children
    return found


_LONGEST = 60
"""Characters of a file's name: disks know no more than 255 bytes."""


def folder_name(resource: str) -> str:
    """Give the file name of a resource's own word, which is no device's."""
    return file_name(kebab(split_words(resource))) or "resource"


def file_name(words: str) -> str:
    """Cut joined words to the name of a file, which is no device's."""
    name = words[:_LONGEST].rstrip("-")
    return f"{name}-api" if name in DEVICES else name


def _resource_module(files: Scope, path: tuple[str, ...]) -> str:
    """Give a path that differs from the others' by more than case."""
    parts = list(map(folder_name, path))
    module = "/".join(["resources", *parts])
    flat = module.replace("-", "_").replace("/", "__")[:100]
    return module + files.claim(flat).text.removeprefix(flat)


def _members(
    exports: _Exports, resource: Resource, exported: Exported
) -> ResourceNames:
    members = Scope(reserved=TAKEN_MEMBERS)
    children = {
        child.path: members.claim(camel(split_words(child.path[-1])), "resource")
        for child in resource.children
    }
    methods = {
        (operation.id, method): members.claim(camel(split_words(method)), "call")
        for operation in resource.operations
        for method in methods_of(operation)
    }
    params = {
        operation.id: Exported(
            exports.claim("Params", *_params_names(exported, operation)),
            exported.module,
        )
        for operation in resource.operations
        if has_named_parameters(operation)
    }
    return ResourceNames(exported, children, methods, params)


def _params_names(exported: Exported, operation: Operation) -> tuple[str, str]:
    method = pascal(split_words(operation.method))
    start = f"{exported.name.text}{method}"[: LONGEST - len("Parameters")]
    return f"{start}Params", f"{start}Parameters"


def methods_of(operation: Operation) -> tuple[str, ...]:
    """Give the spec's names of an operation's methods: the call's, the stream's."""
    if operation.stream is None:
        return (operation.method,)
    if operation.only_streams:
        return (operation.stream.method,)
    return (operation.method, operation.stream.method)


def has_named_parameters(operation: Operation) -> bool:
    """Say whether any parameter is given by name: all but those of the path are."""
    return any(parameter.place != "path" for parameter in operation.parameters)


def are_options(operation: Operation) -> bool:
    """Say whether the named parameters stand among a call's options.

    A body that needs nothing but itself keeps its options behind it, whatever headers
    may go with it.
    """
    named = [each for each in operation.parameters if each.place != "path"]
    return operation.body is not None and all(
        each.place == "header" and not each.required for each in named
    )
