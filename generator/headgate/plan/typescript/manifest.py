"""The package's manifest, compiler settings and read-me."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.markup import markdown_code, markdown_text
from headgate.encoding.typescript import identifier, json_text, string
from headgate.plan.typescript.configuration import variable
from headgate.plan.typescript.extensions import EXTENSIONS
from headgate.plan.typescript.features import features
from headgate.plan.typescript.headers import HEADERS

if TYPE_CHECKING:
    from headgate.document.config import Config
    from headgate.document.json_values import Json as JsonValue
    from headgate.encoding.code import Code
    from headgate.ir.api import Api
    from headgate.ir.operations import Resource
    from headgate.plan.features import FeaturePage
    from headgate.plan.typescript.names import Names


@dataclass(frozen=True, slots=True)
class JsonPage:
    """A file that is one JSON document."""

    content: Code


@dataclass(frozen=True, slots=True)
class AlonePlan:
    """The import of one resource, and of what it leaves out."""

    name: Code
    module: Code
    extensions: Code


@dataclass(frozen=True, slots=True)
class ReadmePage:
    """The package's read-me."""

    title: Code
    install: Code
    module: Code
    description: Code
    client: Code
    base_error: Code
    variables: tuple[Code, ...]
    alone: AlonePlan | None
    features: tuple[FeaturePage, ...]


def entries(api: Api) -> dict[str, str]:
    """Give the module of each entry beside the client and its resources."""
    found = {EXTENSIONS: EXTENSIONS, "opentelemetry": "runtime/opentelemetry"}
    return found | ({HEADERS: HEADERS} if api.headers else {})


def plan_package_json(api: Api, config: Config) -> JsonPage:
    """Plan package.json: two builds, each resource importable alone, no dependency."""
    package = config.package
    content: dict[str, JsonValue] = {
        "name": config.typescript.package,
        "version": package.version,
        "description": package.description,
    }
    if package.license is not None:
        content["license"] = package.license
    if package.repository is not None:
        content["repository"] = {"type": "git", "url": package.repository}
    if package.authors:
        content["author"] = ", ".join(package.authors)
    content |= {
        "type": "module",
        "sideEffects": False,
        "engines": {"node": ">=20"},
        "main": "./dist/cjs/index.js",
        "types": "./dist/cjs/index.d.ts",
        "exports": {
            ".": _conditions("index"),
            "./resources/*": _conditions("resources/*"),
            **{
                f"./{name}": _conditions(module)
                for name, module in entries(api).items()
            },
            "./package.json": "./package.json",
        },
        "files": [*sorted(["CHANGELOG.md", "dist", "src", *entries(api)])],
        "scripts": {
            "build": "npm run build:esm && npm run build:cjs",
            "build:cjs": "tsc -p tsconfig.cjs.json && node mark-commonjs.mjs",
            "build:esm": "tsc -p tsconfig.json",
            "test": "node --test test/vectors.test.mjs",
        },
        "peerDependencies": {"@opentelemetry/api": "^1.9.0"},
        "peerDependenciesMeta": {"@opentelemetry/api": {"optional": True}},
        "devDependencies": {"typescript": "5.9.3"},
    }
    return JsonPage(json_text(content))


def plan_entry(module: str) -> JsonPage:
    """Plan the package.json of a folder: where resolvers find an entry of old."""
    content: JsonValue = {
        "main": f"../dist/cjs/{module}.js",
        "module": f"../dist/esm/{module}.js",
        "types": f"../dist/cjs/{module}.d.ts",
    }
    return JsonPage(json_text(content))


def _conditions(module: str) -> JsonValue:
    return {
        "import": {
            "types": f"./dist/esm/{module}.d.ts",
            "default": f"./dist/esm/{module}.js",
        },
        "require": {
            "types": f"./dist/cjs/{module}.d.ts",
            "default": f"./dist/cjs/{module}.js",
        },
    }


def plan_readme(api: Api, names: Names, config: Config) -> ReadmePage:
    """Plan the read-me."""
    prefix = config.client.environment_prefix
    schemes = (scheme.option for scheme in api.schemes)
    headers = (each.option for each in api.header_options)
    options = dict.fromkeys(["base_url", *schemes, *headers, "max_attempts"])
    return ReadmePage(
        title=markdown_text(config.typescript.package),
        install=markdown_code(f"npm install {config.typescript.package}"),
        module=string(config.typescript.package),
        description=markdown_text(config.package.description),
        client=identifier(names.client.name),
        base_error=identifier(names.base_error),
        variables=tuple(markdown_code(variable(prefix, each)) for each in options),
        alone=_alone(api.root, names, config.typescript.package),
        features=features(api, names, config.typescript.package),
    )


def _alone(root: Resource, names: Names, package: str) -> AlonePlan | None:
    """Show the smallest of the resources that only the client has above them."""
    found = [each for each in root.children if each.operations]
    if not found:
        return None
    smallest = min(found, key=lambda each: len(each.operations))
    exported = names.resources[smallest.path].exported
    return AlonePlan(
        name=identifier(exported.name),
        module=string(f"{package}/{exported.module}"),
        extensions=string(f"{package}/extensions"),
    )
