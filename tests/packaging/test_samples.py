"""The samples of the references are programs that compilers take."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from headgate.document import load_document
from headgate.pipeline import generate, write_packages
from headgate.plan.package import Language
from tests.corpus import ROOT, find_documents
from tests.corpus.compilers import rust_faults
from tests.corpus.programs import rust_manifest

GENERATED = ROOT / "generated"
OWN = ROOT / "spec" / "openapi.yaml"
REAL = find_documents()
TOOLS = ROOT / "tools" / "node_modules" / ".bin"
FENCES: dict[Language, str] = {"python": "python", "typescript": "ts", "rust": "rust"}
AWKWARD = """\
openapi: 3.1.0
info: {title: "Awk | ward", version: "1"}
paths:
  "/a|b/{id}":
    post:
      operationId: x.make
      summary: "Make `it`\\n```\\nrm -rf |\\n```"
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: ["a`b", kind]
              properties:
                "a`b": {type: string}
                kind: {const: "```\\n# heading"}
      responses: {"204": {description: None.}}
"""


RUST_SAMPLES = """\
#![allow(dead_code, unused_imports)]
use serde_json::json;
use {module}::{{resources, Client}};

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() {{}}
"""


def pages(folder: Path) -> dict[str, str]:
    """The pages of a package's reference, by their paths."""
    found = [folder / "reference.md", *sorted((folder / "reference").glob("*.md"))]
    return {
        page.relative_to(folder).as_posix(): page.read_text("utf-8") for page in found
    }


def samples(language: Language, packages: Path = GENERATED) -> list[str]:
    """The blocks of code of a package's reference."""
    text = "".join(pages(packages / language).values())
    return re.findall(
        rf"^```{FENCES[language]}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )


def beside_calls(language: Language, packages: Path = GENERATED) -> list[str]:
    """The blocks of code of a package's read-me about what is beside the calls."""
    text = (packages / language / "README.md").read_text("utf-8")
    _, _, rest = text.partition("## Beside the calls")
    return re.findall(
        rf"^```{FENCES[language]}\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize("language", FENCES)
def test_read_me_shows_what_is_beside_the_calls(language: Language) -> None:
    """A builder, both scopes, a wait, two raw calls, headers and vectors."""
    assert len(beside_calls(language)) == 8


@pytest.mark.parametrize("language", FENCES)
def test_every_call_has_a_sample(language: Language) -> None:
    """As many blocks as there are methods."""
    text = "".join(pages(GENERATED / language).values())

    assert (
        len(samples(language))
        == len(re.findall(r"^### `client", text, re.MULTILINE))
        > 20
    )


@pytest.mark.parametrize("language", FENCES)
def test_pages_lead_to_each_other(language: Language) -> None:
    """Every link ends at a page, and at a heading there; all pages are in the index."""
    found = pages(GENERATED / language)
    headings = {
        path: {
            re.sub(r"[^a-z0-9_-]", "", heading.lower())
            for heading in re.findall(r"^### (.*)$", text, re.MULTILINE)
        }
        for path, text in found.items()
    }
    broken, indexed = [], {"reference.md"}
    for path, text in found.items():
        for link in re.findall(r"\]\(([^)]*)\)", text):
            name, _, anchor = link.partition("#")
            target = os.path.normpath(Path(path).parent / name)
            if target not in found or (anchor and anchor not in headings[target]):
                broken.append((path, link))
            if path == "reference.md":
                indexed.add(target)

    assert broken == []
    assert indexed == found.keys()


def test_python_samples_pass_mypy(tmp_path: Path) -> None:
    """Strictly, each in a function of its own."""
    lines = ["from headgate_sdk import Headgate", ""]
    for number, sample in enumerate([*samples("python"), *beside_calls("python")]):
        lines += [f"def sample_{number}(client: Headgate) -> None:"]
        lines += [textwrap.indent(sample, "    ")]
    program = tmp_path / "samples.py"
    program.write_text("\n".join(lines), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        cwd=GENERATED / "python" / "src",
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout


def test_typescript_samples_compile(tmp_path: Path) -> None:
    """By the package's own strict settings."""
    package = tmp_path / "package"
    shutil.copytree(GENERATED / "typescript", package)
    found = [*samples("typescript"), *map(_inside, beside_calls("typescript"))]
    for number, sample in enumerate(found):
        module = package / "src" / f"sample{number}.ts"
        module.write_text(_as_module(sample), "utf-8")
    run = subprocess.run(
        [str(TOOLS / "tsc"), "-p", "tsconfig.json", "--noEmit"],
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout


def _as_module(sample: str) -> str:
    """A sample as a module of its own: its imports, then a function of a client."""
    lines = sample.splitlines()
    imports = [each for each in lines if _imports(each)]
    body = [each for each in lines if not _imports(each)]
    client = 'import type { Headgate } from "./index.js";'
    head = "export async function run(client: Headgate): Promise<void> {"
    return "\n".join([client, *imports, head, *body, "}", ""])


def _inside(sample: str) -> str:
    """A sample as the package itself would import what it needs."""
    package = load_document(OWN).config.typescript.package
    root = sample.replace(f'"{package}"', '"./index.js"')
    return re.sub(rf'"{package}/(.*?)"', r'"./\1.js"', root)


def _imports(line: str) -> bool:
    return line.startswith("import ")


@pytest.mark.parametrize("document", ["own", *REAL.keys() & {"vai-lite"}])
def test_rust_samples_compile(document: str, tmp_path: Path) -> None:
    """Without a warning of clippy's, for our document and for another's."""
    spec = OWN if document == "own" else REAL[document]
    write_packages(generate(spec, ["rust"]), tmp_path)
    crate = load_document(spec).config.rust.crate
    lines = [RUST_SAMPLES.format(module=crate.replace("-", "_"))]
    found = [*samples("rust", tmp_path), *beside_calls("rust", tmp_path)]
    for number, sample in enumerate(found):
        head = f"async fn sample_{number}(client: &Client) -> Done {{"
        lines += [head, textwrap.indent(sample, "    "), "    Ok(())", "}"]
    program = tmp_path / "samples"
    (program / "src").mkdir(parents=True)
    manifest = rust_manifest("samples", crate, tmp_path / "rust")
    (program / "Cargo.toml").write_text(manifest, "utf-8")
    (program / "src" / "main.rs").write_text("\n".join(lines), "utf-8")

    assert len(found) > 5
    assert rust_faults(program) == []


def test_text_of_the_document_stays_in_its_place(tmp_path: Path) -> None:
    """Fences, pipes and backticks of a document end no block, cell or code."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(AWKWARD, "utf-8")
    text = generate(spec, ["python"]).files["python"]["reference.md"].decode()

    fences = [line for line in text.splitlines() if line.startswith("```")]
    assert len(fences) % 2 == 0
    assert not any(line.startswith("# heading") for line in text.splitlines())
