"""The template environment: strict about names, closed to text nobody encoded."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from headgate.encoding.code import Code
from headgate.plan.package import Copied, Rendered
from headgate.rendering.compiled import CompiledTemplates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.plan.package import Package


def template_root() -> Path:
    """Give the folder of templates: the wheel's own, or the checkout's beside us."""
    packaged = Path(str(files("headgate"))) / "templates"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "templates"


def render_package(package: Package) -> dict[str, bytes]:
    """Print every file of a package, as UTF-8 by path; nothing is written here."""
    return {planned.path: _content(planned) for planned in package.files}


def _content(planned: Rendered | Copied) -> bytes:
    if isinstance(planned, Copied):
        return (template_root() / planned.source).read_bytes()
    template = _environment().get_template(planned.template)
    return template.render(_names(planned.page)).encode()


def _names(page: object) -> Mapping[str, object]:
    if not is_dataclass(page):
        raise TypeError(f"a page is a dataclass, not {type(page).__name__}")
    return {field.name: getattr(page, field.name) for field in fields(page)}


def _pass_code_only(value: Any) -> str:
    if not isinstance(value, Code):
        name = type(value).__name__
        raise TypeError(f"{name} reached a template without an encoder")
    return value.text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(template_root()),
        undefined=StrictUndefined,
        finalize=_pass_code_only,
        autoescape=False,  # noqa: S701  # nothing here is HTML, and the gate is stricter
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Whatever is set here is in this file.
        bytecode_cache=CompiledTemplates(Path(__file__).read_bytes()),
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment
