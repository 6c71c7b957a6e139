"""The module of extensions: what a client has and one resource alone does without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled
from headgate.encoding.typescript import access, identifier, string
from headgate.names import Name
from headgate.plan.typescript.configuration import (
    map_variable,
    option_names,
    variable,
)
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import Call, Entry, Fallback, open_object
from headgate.plan.typescript.names import Exported

if TYPE_CHECKING:
    from headgate.document.config import Config
    from headgate.ir.api import Api, HeaderMap, SecurityScheme
    from headgate.plan.typescript.layout import Value

EXTENSIONS = "extensions"


@dataclass(frozen=True, slots=True)
class ExtensionsPage:
    """The module of extensions."""

    header: Code
    imports: tuple[Code, ...]
    environment: Code
    prefix: Code


def plan_extensions(api: Api, config: Config, header: Code) -> ExtensionsPage:
    """Plan the module of extensions."""
    imports = Imports(EXTENSIONS)
    imports.type(Exported(Name("ClientOptions"), "configuration"))
    imports.value(Exported(Name("errorClasses"), "errors"))
    imports.runtime("logging", "logged")
    imports.runtime("logging", "logOptions")
    imports.runtime_type("logging", "LogOptions")
    imports.runtime_type("settings", "Extension")
    imports.runtime("transport", "Transport")
    prefix = config.client.environment_prefix
    shared = imports.runtime("environment", "environmentOptions")
    options = assembled("...{}({}, options)", shared, string(prefix))
    entries = [Entry(options, options)]
    names = option_names(api)
    schemes = {each.option: each for each in reversed(api.schemes)}
    headers = {each.option for each in api.header_options}
    for option, name in names.items():
        key = identifier(name)
        given = assembled("options{}", access(name.text))
        if option in schemes:
            value = _credential(imports, schemes[option], given, prefix)
        elif option in headers:
            value = _text(imports, option, given, prefix)
        else:
            by_option = next(each for each in api.header_maps if each.option == option)
            value = _map(imports, by_option, given, prefix)
        entries.append(Entry(key, value))
    return ExtensionsPage(
        header=header,
        environment=open_object(entries, 2),
        imports=imports.lines(),
        prefix=string(prefix),
    )


def _credential(
    imports: Imports, scheme: SecurityScheme, given: Code, prefix: str
) -> Value:
    if scheme.token_url is None:
        return _text(imports, scheme.option, given, prefix)
    name = string(variable(prefix, scheme.option))
    client = (string(f"{prefix}_CLIENT_ID"), string(f"{prefix}_CLIENT_SECRET"))
    return Call(imports.runtime("environment", "tokenOption"), (given, name, *client))


def _text(imports: Imports, option: str, given: Code, prefix: str) -> Fallback:
    read = imports.runtime("environment", "environmentValue")
    name = string(variable(prefix, option))
    return Fallback(given, assembled("{}({})", read, name))


def _map(imports: Imports, header_map: HeaderMap, given: Code, prefix: str) -> Call:
    start = string(f"{map_variable(prefix, header_map.option)}_")
    return Call(imports.runtime("environment", "environmentMap"), (given, start))
