"""Values of a document's schemas through the types of each SDK and out again.

Python and Rust read each value and write it; it must come back equal. TypeScript's
types do not exist at run time, where a value is what `JSON.parse` gave: there the
compiler is asked whether every value is one of its type.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.corpus.compilers import CARGO_TARGET, TSC, run
from tests.corpus.programs import rust_manifest
from tests.corpus.samples import Samples

PYTHON_DRIVER = """
import importlib, json, sys
from pydantic import TypeAdapter
forms = {}
for line in sys.stdin:
    task = json.loads(line)
    module, name = task["form"]
    try:
        if (module, name) not in forms:
            form = getattr(importlib.import_module(module), name)
            forms[module, name] = TypeAdapter(form)
        form = forms[module, name]
        value = form.validate_json(json.dumps(task["value"]))
        said = {"value": form.dump_python(
            value, mode="json", by_alias=True, exclude_unset=True)}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said))
"""
RUST_DRIVER = """\
use {crate} as sdk;
use serde::{{de::DeserializeOwned, Serialize}};
use serde_json::{{json, Value}};

fn through<T: DeserializeOwned + Serialize>(text: &str) -> Value {{
    match serde_json::from_str::<T>(text).and_then(serde_json::to_value) {{
        Ok(value) => json!({{ "value": value }}),
        Err(error) => json!({{ "error": error.to_string() }}),
    }}
}}

fn main() {{
    for line in std::io::stdin().lines() {{
        let task: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = task["value"].to_string();
        let said = match task["form"].as_str().unwrap() {{
{arms}
            _ => json!({{ "error": "no such form" }}),
        }};
        println!("{{said}}");
    }}
}}
"""
MEANT = ("UnknownTag", "error TS2353")
"""What tsc says of values that only reading may give: a tag that no variant has, and a
property that an open object has beyond its known ones."""
Json = Any


def python_differences(samples: Samples, package: Path) -> list[str]:
    """Through the models of the Python package."""
    forms = {
        each.schema: [f"{samples.package}.{each.python[0]}", each.python[1]]
        for each in samples.samples
    }
    command = [sys.executable, "-c", PYTHON_DRIVER]
    places = {"PYTHONPATH": str(package / "src")}
    form_of = forms.__getitem__
    return _driven(samples, command, form_of, package, environment=places)


def rust_differences(samples: Samples, package: Path) -> list[str]:
    """Through the structs and enums of the crate."""
    folder = package.parent / "rust-roundtrip"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    crate = samples.crate.replace("_", "-")
    manifest = rust_manifest(f"{crate}-roundtrip", crate, package, 'serde = "1"\n')
    arms = "\n".join(
        f'            "{each.rust}" => through::<sdk::types::{each.rust}>(&text),'
        for each in samples.samples
    )
    driver = RUST_DRIVER.format(crate=samples.crate, arms=arms)
    (folder / "Cargo.toml").write_text(manifest, "utf-8")
    (folder / "src" / "main.rs").write_text(driver, "utf-8")
    build = ["cargo", "build", "--quiet", "--target-dir", str(CARGO_TARGET)]
    code, said = run(build, folder)
    if code != 0:
        return [f"the driver does not build: {said[-1000:]}"]
    names = {each.schema: each.rust for each in samples.samples}
    program = [str(CARGO_TARGET / "debug" / f"{crate}-roundtrip")]
    return _driven(samples, program, names.__getitem__, folder)


def typescript_differences(samples: Samples, package: Path) -> list[str]:
    """What tsc says against a module that gives every value its type."""
    folder = package / "src" / "roundtrip.ts"
    lines = ['import type * as sdk from "./index.js";']
    for number, each in enumerate(samples.samples):
        kind = f"sdk.{each.typescript}"
        values = json.dumps(list(each.values), ensure_ascii=True)
        lines.append(f"export const values{number}: {kind}[] = {values};")
    folder.write_text("\n".join(lines), "utf-8")
    command = [str(TSC), "--project", "tsconfig.json", "--noEmit", "--pretty", "false"]
    _, said = run(command, package)
    folder.unlink()
    return [
        line
        for line in said.splitlines()
        if "error TS" in line and not any(each in line for each in MEANT)
    ]


ROUND_TRIPS: dict[str, Callable[[Samples, Path], list[str]]] = {
    "python": python_differences,
    "typescript": typescript_differences,
    "rust": rust_differences,
}


def _driven(
    samples: Samples,
    command: list[str],
    form_of: Callable[[str], object],
    cwd: Path,
    *,
    environment: dict[str, str] | None = None,
) -> list[str]:
    """Give a program every value, a line each, and compare what it answers."""
    tasks = [(each.schema, value) for each in samples.samples for value in each.values]
    lines = [json.dumps({"form": form_of(name), "value": v}) for name, v in tasks]
    code, said = run(command, cwd, environment, "\n".join(lines))
    answers = [line for line in said.split("\n") if line.startswith("{")]
    if code != 0 or len(answers) != len(tasks):
        return [f"the driver ended early: exit {code}: {said[-1000:]}"]
    return list(_compared(tasks, answers))


def _compared(tasks: list[tuple[str, Json]], answers: list[str]) -> Iterator[str]:
    for (name, value), answer in zip(tasks, answers, strict=True):
        said = json.loads(answer)
        if "error" in said:
            yield f"{name}: {said['error']} from {json.dumps(value)}"
        elif said["value"] != value:
            given, back = json.dumps(value), json.dumps(said["value"])
            yield f"{name}: {given} came back as {back}"
