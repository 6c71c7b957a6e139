"""The plan of the Python package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code
from headgate.plan.package import Copied, Package, PlannedFile, Rendered
from headgate.plan.python.builders import builders_page
from headgate.plan.python.client import client_page, options_page, product_page
from headgate.plan.python.content import content_page
from headgate.plan.python.context import Context, make_context, resources_of
from headgate.plan.python.definitions import types_page
from headgate.plan.python.errors import errors_page
from headgate.plan.python.exports import emitted, root_exports, type_exports
from headgate.plan.python.headers import headers_page
from headgate.plan.python.operations import operations_page
from headgate.plan.python.project import project_page, readme_page
from headgate.plan.python.reference import reference
from headgate.plan.python.resources import resource_page
from headgate.plan.python.streams import StreamPlan
from headgate.plan.python.surface import has_surface, surface_page
from headgate.plan.python.vectors import vectors_page
from headgate.plan.python.webhooks import webhooks_page

if TYPE_CHECKING:
    from headgate.document.config import Config
    from headgate.ir.api import Api
    from headgate.ir.types import Definition

_TEMPLATES = "python"
RUNTIME = (
    "__init__",
    "agents",
    "aiohttp_network",
    "assembly",
    "bodies",
    "callbacks",
    "calls",
    "cancel",
    "clients",
    "core",
    "decisions",
    "deadlines",
    "declared",
    "errors",
    "folding",
    "foreign",
    "functions",
    "interceptors",
    "json_values",
    "lazy",
    "media",
    "models",
    "network",
    "otel",
    "pages",
    "paging",
    "parameters",
    "partial_json",
    "passing",
    "pending",
    "reader",
    "redaction",
    "refresh",
    "requests",
    "retry",
    "scopes",
    "session",
    "settings",
    "shapes",
    "sse",
    "stats",
    "steps",
    "streams",
    "structured",
    "sums",
    "throttle",
    "tokens",
    "vectors",
    "waits",
    "webhooks",
)
"""The modules of the fixed runtime."""


@dataclass(frozen=True, slots=True)
class MarkerPage:
    """A file that says only what it belongs to."""

    header: Code


def plan(api: Api, config: Config) -> Package:
    """Decide every file of the Python package and what it says."""
    context = make_context(api, config)
    module = f"src/{config.python.module}"
    files = (
        _rendered("pyproject.toml", "pyproject.toml", project_page(context)),
        _rendered("README.md", "README.md", readme_page(context)),
        *reference(context),
        _rendered(f"{module}/__init__.py", "exports.py", root_exports(context)),
        _rendered(f"{module}/py.typed", "py.typed", MarkerPage(context.header)),
        _rendered(f"{module}/_client.py", "client.py", client_page(context)),
        _rendered(f"{module}/_errors.py", "errors.py", errors_page(context)),
        *_content(context, module),
        *_vectors(context, module),
        *_surface(context, module),
        *_headers(context, module),
        *_builders(context, module),
        *_webhooks(context, module),
        *_options(context, module),
        *_operations(context, module),
        _rendered(f"{module}/_product.py", "product.py", product_page(context)),
        *_resources(context, module),
        *_streams(context, module),
        *_types(context, module),
        *_runtime(module),
    )
    return Package("python", files)


def _rendered(path: str, template: str, page: object) -> Rendered:
    return Rendered(path, f"{_TEMPLATES}/{template}.jinja", page)


def _package(path: str, title: str, context: Context) -> Rendered:
    return _rendered(f"{path}/__init__.py", f"{title}.py", MarkerPage(context.header))


def _content(context: Context, module: str) -> list[PlannedFile]:
    content = context.api.content
    if not content.constructors and content.tool is None and content.output is None:
        return []
    return [_rendered(f"{module}/content.py", "content.py", content_page(context))]


def _vectors(context: Context, module: str) -> list[PlannedFile]:
    vectors = context.api.content.vectors
    if vectors is None:
        return []
    page = vectors_page(context, vectors)
    return [_rendered(f"{module}/vectors.py", "vectors.py", page)]


def _surface(context: Context, module: str) -> list[PlannedFile]:
    if not has_surface(context):
        return []
    return [_rendered(f"{module}/_surface.py", "surface.py", surface_page(context))]


def _headers(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.headers:
        return []
    return [_rendered(f"{module}/headers.py", "headers.py", headers_page(context))]


def _builders(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.surface.builders:
        return []
    return [_rendered(f"{module}/builders.py", "builders.py", builders_page(context))]


def _webhooks(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.webhooks:
        return []
    page = webhooks_page(context)
    return [_rendered(f"{module}/webhooks.py", "webhooks.py", page)]


def _options(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.header_maps and context.api.surface.blocking is None:
        return []
    page = options_page(context)
    return [_rendered(f"{module}/_options.py", "options.py", page)]


def _operations(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.operations:
        return []
    page = operations_page(context)
    return [_rendered(f"{module}/_operations.py", "operations.py", page)]


def _resources(context: Context, module: str) -> list[PlannedFile]:
    """Plan a module for each resource but the root, which the client is."""
    folder = f"{module}/resources"
    resources = [each for each in resources_of(context.api.root) if each.path]
    return [
        _package(folder, "resources_package", context),
        *(
            _rendered(
                f"{folder}/{context.resource_modules[each.path]}.py",
                "resource.py",
                resource_page(each, context),
            )
            for each in resources
        ),
    ]


def _streams(context: Context, module: str) -> list[PlannedFile]:
    if not context.api.streams:
        return []
    folder = f"{module}/streams"
    return [
        _package(folder, "streams_package", context),
        *(
            _rendered(
                f"{folder}/{context.streams[name].module}.py",
                "stream.py",
                StreamPlan(stream, context).page(),
            )
            for name, stream in context.api.streams.items()
        ),
    ]


def _types(context: Context, module: str) -> list[PlannedFile]:
    folder = f"{module}/types"
    by_module: dict[str, list[Definition]] = {}
    for definition in emitted(context):
        home = context.types.modules[definition.id]
        by_module.setdefault(home, []).append(definition)
    files: list[PlannedFile] = [
        _rendered(f"{folder}/__init__.py", "exports.py", type_exports(context))
    ]
    if not by_module:
        return []
    groups = dict.fromkeys(each.rpartition(".")[0] for each in by_module)
    files += [
        _package(f"{folder}/{group}", "types_package", context)
        for group in groups
        if group
    ]
    left_out = context.api.asking_flags
    for home, definitions in by_module.items():
        page = types_page(
            definitions,
            context.type_writer(home),
            header=context.header,
            title=f"Types of `{home}`.",
            left_out=left_out,
        )
        path = home.replace(".", "/")
        files.append(_rendered(f"{folder}/{path}.py", "types.py", page))
    return files


def _runtime(module: str) -> list[Copied]:
    return [
        Copied(f"{module}/_runtime/{name}.py", f"{_TEMPLATES}/runtime/{name}.py")
        for name in RUNTIME
    ]
