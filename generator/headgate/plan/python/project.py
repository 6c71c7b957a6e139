"""`pyproject.toml` and `README.md`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, joined
from headgate.encoding.markup import markdown_code, markdown_text, toml_string
from headgate.encoding.python import dotted, string
from headgate.plan.python.client import secret_options, settable_server
from headgate.plan.python.context import Context, name
from headgate.plan.python.features import features

if TYPE_CHECKING:
    from headgate.ir.operations import Operation
    from headgate.plan.features import FeaturePage


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The package's metadata."""

    header: Code
    distribution: Code
    version: Code
    description: Code
    license: Code
    has_license: bool
    authors: tuple[Code, ...]
    repository: Code
    has_repository: bool
    module_path: Code
    marker_path: Code
    passes_on: bool
    has_openai: bool
    has_anthropic: bool


@dataclass(frozen=True, slots=True)
class OptionLine:
    """An option of the client and its variable."""

    option: Code
    variable: Code


@dataclass(frozen=True, slots=True)
class ReadmePage:
    """The package's README."""

    header: Code
    title: Code
    about: Code
    distribution: Code
    module: Code
    client: Code
    root_error: Code
    prefix: Code
    options: tuple[OptionLine, ...]
    server: Code
    has_server: bool
    operations: tuple[Code, ...]
    features: tuple[FeaturePage, ...]


def project_page(context: Context) -> ProjectPage:
    """Plan `pyproject.toml`."""
    config = context.config
    module = f"src/{config.python.module}"
    vendors = {each.kind for each in context.api.clients}
    return ProjectPage(
        header=context.header,
        distribution=toml_string(config.python.distribution),
        version=toml_string(config.package.version),
        description=toml_string(" ".join(config.package.description.split())),
        license=toml_string(config.package.license or ""),
        has_license=config.package.license is not None,
        authors=tuple(map(toml_string, config.package.authors)),
        repository=toml_string(config.package.repository or ""),
        has_repository=config.package.repository is not None,
        module_path=toml_string(module),
        has_openai="openai" in vendors,
        has_anthropic="anthropic" in vendors,
        marker_path=toml_string(f"{module}/py.typed"),
        passes_on=context.api.surface.calls is not None,
    )


def readme_page(context: Context) -> ReadmePage:
    """Plan the README."""
    config = context.config
    prefix = config.client.environment_prefix
    secrets = secret_options(context)
    headers = (each.option for each in context.api.header_options)
    return ReadmePage(
        header=assembled("<!-- {} -->", markdown_text(context.header.text[2:])),
        title=markdown_text(config.python.distribution),
        about=markdown_text(config.package.description),
        distribution=markdown_text(config.python.distribution),
        module=dotted([config.python.module]),
        client=name(context.client),
        root_error=name(context.root_error),
        prefix=name(prefix),
        options=tuple(
            OptionLine(name(option), name(f"{prefix}_{option.upper()}"))
            for option in (*secrets, *headers)
        ),
        server=_parts_sample(context),
        has_server=settable_server(context) is not None,
        operations=tuple(_listed(each, context) for each in context.api.operations),
        features=features(context),
    )


def _parts_sample(context: Context) -> Code:
    """Show the parts of the address with what stands where none is given."""
    server = settable_server(context)
    parts = [
        assembled("{}: {}", string(each.name), string(each.default))
        for each in (server.variables if server else ())
    ]
    shown = assembled("server={{{}}}", joined(", ", parts))
    return markdown_code(shown.text.replace("|", r"\|"))


def _listed(operation: Operation, context: Context) -> Code:
    members = context.members
    way = members.path(operation.resource)
    path = dotted(["client", *way, members.methods[operation.id]])
    text = " ".join(operation.summary.split())
    if not text:
        return assembled("`{}`", path)
    return assembled("`{}`: {}", path, markdown_text(text))
