"""Reads `headgate.toml` into a `Config`, with a position for everything wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeGuard, cast

from headgate.document.checks.findings import Lookup, Part
from headgate.document.config import (
    ClientConfig,
    Config,
    HeaderMapConfig,
    HttpConfig,
    PackageConfig,
    PythonConfig,
    RustConfig,
    TypeScriptConfig,
    WebhookConfig,
    default_config,
)
from headgate.document.json_values import JsonObject
from headgate.errors import Diagnostic, Location

CONFIG_FILE: Final = "headgate.toml"

_LINE: Final = r"[^\x00-\x1f\x7f]*"
_VERSION: Final = r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+.][0-9A-Za-z.+-]+)?"
_CLASS: Final = r"[A-Z][A-Za-z0-9]*"
_VARIABLE: Final = r"[A-Z][A-Z0-9_]*"
_OPTION: Final = r"[a-z][a-z0-9_]*"
_HEADER: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_URL: Final = r"https?://[!-~]+"
_DISTRIBUTION: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_MODULE: Final = r"[a-z_][a-z0-9_]*"
_NPM: Final = r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*"
_GROUP: Final = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*"
_CRATE: Final = r"[A-Za-z][A-Za-z0-9_-]*"

_HEADING: Final = re.compile(r"\s*\[\s*([^\]]+?)\s*\]\s*(?:#.*)?")
_KEY: Final = re.compile(
    r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*[^=]*?)?)\s*="""
)
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_config(
    text: str, name: str, root: JsonObject
) -> tuple[Config, list[Diagnostic]]:
    """Read a configuration; what is wrong or missing keeps its default."""
    default = default_config(root)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return default, [_syntax(str(error), text, name)]
    diagnostics: list[Diagnostic] = []
    top = _Table(tables, (), _Lines(text, name), diagnostics)
    config = _config(top, default)
    top.refuse_others()
    _check_names(top, root)
    return config, diagnostics


def _check_names(top: _Table, root: JsonObject) -> None:
    """Report settings for schemes, schemas and operations that are not there."""
    components = Part(root, ()).object("components")
    schemes = components.object("securitySchemes").value
    schemas = components.object("schemas").value
    lookup = Lookup(root)
    operations = set(lookup.operations_by_id) | {
        f"{it.method.upper()} {it.path}" for it in lookup.operations if it.path
    }
    credentials = top.table("client").table("credentials")
    credentials.refuse_unless(lambda key: key in schemes, "security scheme")
    for name in ("streams", "pagination", "groups"):
        top.table(name).refuse_unless(lambda key: key in operations, "operation")
    top.table("names").refuse_unless(
        lambda key: (
            key.removeprefix("schemas.") in schemas
            if key.startswith("schemas.")
            else key.removeprefix("operations.") in operations
        ),
        "schema or operation",
    )


def _config(top: _Table, default: Config) -> Config:
    return Config(
        package=_package(top.table("package"), default.package),
        client=_client(top.table("client"), default.client),
        http=_http(top.table("http"), default.http),
        python=_python(top.table("python"), default.python),
        typescript=_typescript(top.table("typescript"), default.typescript),
        rust=_rust(top.table("rust"), default.rust),
        names=top.table("names").texts(_LINE),
        streams=top.table("streams").tables(),
        pagination=top.table("pagination").tables(),
        groups=top.table("groups").texts(_GROUP, "admin.users"),
        webhooks=_webhooks(top.table("webhooks"), default.webhooks),
        overlays=top.lines("overlays"),
    )


def _package(table: _Table, default: PackageConfig) -> PackageConfig:
    config = PackageConfig(
        version=table.text("version", _VERSION, "1.2.3") or default.version,
        description=table.text("description", _LINE, "one line of text")
        or default.description,
        license=table.text("license", _LINE, "Apache-2.0") or default.license,
        repository=table.text("repository", _URL, "https://example.org/project"),
        authors=table.lines("authors"),
    )
    table.refuse_others()
    return config


def _client(table: _Table, default: ClientConfig) -> ClientConfig:
    maps, headers = table.table("header_maps"), table.table("headers")
    named = {
        option: headers.text(option, _HEADER, "X-Agent-Name")
        for option in headers.names(_OPTION)
    }
    config = ClientConfig(
        name=table.text("name", _CLASS, "Petstore") or default.name,
        environment_prefix=table.text("environment_prefix", _VARIABLE, "PETSTORE")
        or default.environment_prefix,
        default_base_url=table.text("default_base_url", _URL, "https://example.org/v1")
        or default.default_base_url,
        user_agent=table.text("user_agent", _HEADER, "petstore-sdk")
        or default.user_agent,
        header_maps=MappingProxyType(
            {name: _header_map(maps.table(name)) for name in maps.names(_OPTION)}
        ),
        credentials=table.table("credentials").texts(_OPTION, "api_key"),
        headers=MappingProxyType({k: v for k, v in named.items() if v is not None}),
    )
    table.refuse_others()
    return config


def _header_map(table: _Table) -> HeaderMapConfig:
    prefix = table.text("prefix", _HEADER, "X-Provider-Key-")
    if prefix is None:
        table.report("", "a header map needs a `prefix`")
    table.refuse_others()
    return HeaderMapConfig(prefix or "X-")


def _http(table: _Table, default: HttpConfig) -> HttpConfig:
    config = HttpConfig(
        request_id_header=table.text("request_id_header", _HEADER, "X-Request-ID")
        or default.request_id_header,
        idempotency_header=table.text("idempotency_header", _HEADER, "Idempotency-Key")
        or default.idempotency_header,
        attempt_header=table.text("attempt_header", _HEADER, "X-Attempt"),
        sdk_header=table.text("sdk_header", _HEADER, "X-SDK"),
    )
    table.refuse_others()
    return config


def _webhooks(table: _Table, default: WebhookConfig) -> WebhookConfig:
    config = WebhookConfig(
        id_header=table.text("id_header", _HEADER, "webhook-id") or default.id_header,
        timestamp_header=table.text("timestamp_header", _HEADER, "webhook-timestamp")
        or default.timestamp_header,
        signature_header=table.text("signature_header", _HEADER, "webhook-signature")
        or default.signature_header,
    )
    table.refuse_others()
    return config


def _python(table: _Table, default: PythonConfig) -> PythonConfig:
    config = PythonConfig(
        distribution=table.text("distribution", _DISTRIBUTION, "petstore-sdk")
        or default.distribution,
        module=table.text("module", _MODULE, "petstore_sdk") or default.module,
    )
    table.refuse_others()
    return config


def _typescript(table: _Table, default: TypeScriptConfig) -> TypeScriptConfig:
    package = table.text("package", _NPM, "@petstore/sdk") or default.package
    table.refuse_others()
    return TypeScriptConfig(package)


def _rust(table: _Table, default: RustConfig) -> RustConfig:
    crate = table.text("crate", _CRATE, "petstore-sdk") or default.crate
    table.refuse_others()
    return RustConfig(crate)


class _Table:
    """A table of the file that remembers which of its keys were asked for."""

    def __init__(
        self,
        values: dict[str, Any],
        path: tuple[str, ...],
        lines: _Lines,
        diagnostics: list[Diagnostic],
    ) -> None:
        self._values = values
        self._path = path
        self._lines = lines
        self._diagnostics = diagnostics
        self._asked: set[str] = set()

    def table(self, key: str) -> _Table:
        """Give a table inside this one; an empty one when there is none."""
        self._asked.add(key)
        value = self._values.get(key, {})
        if not _is_table(value):
            self.report(key, f"`{key}` has to be a table")
            value = {}
        return _Table(value, (*self._path, key), self._lines, self._diagnostics)

    def tables(self) -> Mapping[str, JsonObject]:
        """Give every table inside this one as it is."""
        found: dict[str, JsonObject] = {}
        for key, value in self._values.items():
            if _is_table(value):
                found[key] = value
            else:
                self.report(key, f"`{key}` has to be a table")
        return MappingProxyType(found)

    def names(self, pattern: str) -> list[str]:
        """Give the keys of this table, which are names that the user chose."""
        self._asked.update(self._values)
        for key in self._values:
            if not re.fullmatch(pattern, key):
                self.report(key, f"`{key}` cannot be the name of an option")
        return [key for key in self._values if re.fullmatch(pattern, key)]

    def texts(self, pattern: str, example: str = "") -> Mapping[str, str]:
        """Give a table whose keys are free and whose values are texts."""
        found = {key: self.text(key, pattern, example) for key in self._values}
        return MappingProxyType({k: v for k, v in found.items() if v is not None})

    def text(self, key: str, pattern: str, example: str) -> str | None:
        """Give a text of a certain form, or None when it is absent or refused."""
        self._asked.add(key)
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, str) and value and re.fullmatch(pattern, value):
            return value
        self.report(key, f"{value!r} cannot be the `{key}`", _such_as(example))
        return None

    def lines(self, key: str) -> tuple[str, ...]:
        """Give a list of texts of one line each."""
        self._asked.add(key)
        values = self._values.get(key, [])
        if _is_texts(values) and all(re.fullmatch(_LINE, value) for value in values):
            return tuple(values)
        self.report(key, f"`{key}` has to be a list of texts")
        return ()

    def refuse_others(self) -> None:
        """Report every key that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.report(key, f"there is no setting `{key}`", f"known here: {known}")

    def refuse_unless(self, exists: Callable[[str], bool], what: str) -> None:
        """Report every key that names nothing in the document."""
        for key in self._values:
            if not exists(key):
                self.report(key, f"the document has no {what} {key!r}")

    def report(self, key: str, message: str, hint: str = "") -> None:
        """Report this table (`key` empty) or one of its keys."""
        path = (*self._path, key) if key else self._path
        location = self._lines.locate(path)
        self._diagnostics.append(
            Diagnostic("error", "bad-config", message, location, hint)
        )


class _Lines:
    """Finds the line of a key: `tomllib` keeps no positions."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._places: dict[tuple[str, ...], tuple[int, int]] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), start=1):
            if heading := _HEADING.fullmatch(line):
                table = _split(heading[1])
                self._note(table, number, heading.start(1) + 1)
            elif key := _KEY.match(line):
                self._note((*table, *_split(key[1])), number, key.start(1) + 1)

    def _note(self, path: tuple[str, ...], line: int, column: int) -> None:
        for length in range(1, len(path) + 1):
            self._places.setdefault(path[:length], (line, column))

    def locate(self, path: tuple[str, ...]) -> Location:
        """Find a key, or the table around it."""
        known = path
        while known and known not in self._places:
            known = known[:-1]
        line, column = self._places.get(known, (1, 1))
        return Location(self._name, line, column, ".".join(path))


def _is_table(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_texts(value: object) -> TypeGuard[list[str]]:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    return all(isinstance(item, str) for item in items)


def _split(key: str) -> tuple[str, ...]:
    parts = re.findall(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""", key)
    return tuple(double or single or bare for double, single, bare in parts)


def _such_as(example: str) -> str:
    return f"write it like {example!r}" if example else ""


def _syntax(message: str, text: str, name: str) -> Diagnostic:
    place = _AT.search(message)
    lines = text.splitlines() or [""]
    line, column = len(lines), len(lines[-1]) + 1
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    said = _AT.sub("", message)
    return Diagnostic("error", "toml-syntax", said, Location(name, line, column, ""))


def config_name(root: Path) -> Path:
    """Give where the configuration of a document is looked for."""
    return root.parent / CONFIG_FILE
