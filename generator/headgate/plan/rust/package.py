"""The pages of the crate around its code: manifest, read-me, root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding import markup, rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.plan.rust.features import features

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.document.config import Config
    from headgate.ir.api import Api
    from headgate.plan.features import FeaturePage
    from headgate.plan.rust.clients import ClientPage
    from headgate.plan.rust.operations import Place
    from headgate.plan.rust.reference import RustSpeaker


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """Cargo.toml."""

    header: Code
    name: Code
    version: Code
    description: Code
    license: Code
    repository: Code
    authors: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OptionPage:
    """A setting and its environment variable."""

    method: Code
    variable: Code


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """A part of the API in the read-me's table."""

    title: Code
    module: Code


@dataclass(frozen=True, slots=True)
class ReadmePage:
    """README.md."""

    name: Code
    description: Code
    crate: Code
    module: Code
    prefix: Code
    server: Code
    options: tuple[OptionPage, ...]
    resources: tuple[ResourceLine, ...]
    features: tuple[FeaturePage, ...]


@dataclass(frozen=True, slots=True)
class RootPage:
    """src/lib.rs."""

    header: Code
    about: Code
    streams: bool
    pages: bool
    content: bool
    vectors: bool
    webhooks: bool
    server: bool
    scopes: bool
    passing: bool
    builders: bool
    headers: bool
    renewal: bool


def plan_manifest(config: Config, header: Code) -> ManifestPage:
    """Plan Cargo.toml."""
    package = config.package
    return ManifestPage(
        header=header,
        name=markup.toml_string(config.rust.crate),
        version=markup.toml_string(package.version),
        description=markup.toml_string(package.description),
        license=_toml(package.license),
        repository=_toml(package.repository),
        authors=tuple(markup.toml_string(author) for author in package.authors),
    )


def _toml(text: str | None) -> Code:
    return fixed("") if text is None else markup.toml_string(text)


def plan_readme(
    config: Config,
    client: ClientPage,
    places: Iterable[tuple[tuple[str, ...], Place]],
    speaker: RustSpeaker,
) -> ReadmePage:
    """Plan README.md, once the speaker knows every name."""
    module = rust.comment(config.rust.crate.replace("-", "_"))
    prefix = config.client.environment_prefix
    schemes = tuple(
        OptionPage(scheme.method, _variable(prefix, scheme.option))
        for scheme in client.schemes
    )
    maps = tuple(
        OptionPage(each.method, _variable(prefix, each.option, "_<NAME>"))
        for each in client.header_maps
    )
    headers = tuple(
        OptionPage(each.method, _variable(prefix, each.option))
        for each in client.header_setters
    )
    return ReadmePage(
        name=markup.markdown_text(config.rust.crate),
        description=markup.markdown_text(config.package.description),
        crate=rust.comment(config.rust.crate),
        module=module,
        prefix=rust.comment(prefix),
        server=_parts(client),
        options=schemes + maps + headers,
        resources=tuple(
            ResourceLine(markup.markdown_code(".".join(path) or "api"), place.module)
            for path, place in places
        ),
        features=features(speaker, client, module),
    )


def _parts(client: ClientPage) -> Code:
    """Name the parts of the API's address that may be set."""
    methods = [assembled("`.{}(…)`", each.method) for each in client.variables]
    return joined(", ", methods)


def _variable(prefix: str, option: Code, suffix: str = "") -> Code:
    name = option.text.strip('"').upper()
    return rust.comment(f"{prefix}_{name}{suffix}")


def plan_root(
    api: Api,
    config: Config,
    header: Code,
    *,
    pages: bool,
    content: bool,
    server: bool,
    scopes: bool,
) -> RootPage:
    """Plan src/lib.rs."""
    text = f"{config.package.description}\n\n{api.docs.text}".strip()
    about = rust.doc(text, marker="//!")
    return RootPage(
        header=header,
        about=about,
        streams=bool(api.streams),
        pages=pages,
        content=content,
        vectors=api.content.vectors is not None,
        webhooks=bool(api.webhooks),
        server=server,
        scopes=scopes,
        passing=api.surface.calls is not None,
        builders=bool(api.surface.builders),
        headers=bool(api.headers),
        renewal=any(each.refresh_url for each in api.schemes),
    )
