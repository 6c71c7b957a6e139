"""Programs that use a generated package, for as long as a test takes."""

from __future__ import annotations

from pathlib import Path

from headgate.pipeline import generate, write_packages

_MANIFEST = """\
[package]
name = "{name}"
version = "0.0.0"
edition = "2021"

[dependencies]
{crate} = {{ path = "{package}" }}
serde_json = "1"
{further}
[workspace]
"""


def rust_manifest(name: str, crate: str, package: Path, further: str = "") -> str:
    """A program's Cargo.toml on a crate; `further` are lines of dependencies."""
    return _MANIFEST.format(name=name, crate=crate, package=package, further=further)


def package_that_refuses(spec: Path, folder: Path) -> Path:
    """Write a document's Python package, with a wrong type in one of its models."""
    write_packages(generate(spec, ["python"]), folder)
    modules = folder.glob("python/src/*/types/*.py")
    texts = {module: module.read_text("utf-8") for module in modules}
    ((module, text),) = (each for each in texts.items() if "has_more: bool" in each[1])
    module.write_text(text.replace("has_more: bool", "has_more: str"), "utf-8")
    return folder / "python"
