"""Programs that call exchanges through a generated SDK and say what they were given."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.names import camel, split_words
from headgate.plan.python.context import Context, make_context
from headgate.plan.python.imports import Imports
from headgate.plan.python.methods import MethodPlan
from headgate.plan.typescript.names import Names, name_everything
from headgate.plan.typescript.reach import type_modules
from headgate.plan.typescript.requests import parameter_keys
from tests.corpus.compilers import TSC, run
from tests.corpus.exchanges import ABSENT, Exchange, Exchanges

Json = Any
CREDENTIAL = "loopback-secret"
PYTHON_DRIVER = """
import importlib, inspect, json, sys
from operator import attrgetter
from pydantic import TypeAdapter
ANY = TypeAdapter(object)
def plain(value):
    return ANY.dump_python(value, mode="json", by_alias=True, exclude_unset=True,
        fallback=lambda unknown: unknown.raw)
def bytes_of(value):
    return [bytes.fromhex(e) for e in value] if isinstance(value, list) else (
        bytes.fromhex(value))
def said(task):
    client_class = getattr(importlib.import_module(task["module"]), task["client"])
    known = inspect.signature(client_class).parameters
    secrets = {k: v for k, v in task["secrets"].items() if k in known}
    client = client_class(base_url=task["address"], max_attempts=1, **secrets)
    given = task["arguments"]
    for name in task["files"]:
        holder = given if name in given else given.get("body", {})
        if name in holder:
            holder[name] = bytes_of(holder[name])
    result = attrgetter(task["path"])(client)(**given)
    if task["gives"] == "stream":
        with result as stream:
            return [plain(event) for event in stream]
    if task["gives"] == "page":
        return plain(result.data)
    if isinstance(result, bytes):
        return result.hex()
    return plain(result)
for line in sys.stdin:
    try:
        answer = {"value": said(json.loads(line))}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))
"""
TYPESCRIPT_DRIVER = """
import { createInterface } from "node:readline";
import * as sdk from "./dist/esm/index.js";
const bytes = (value) => Array.isArray(value) ? value.map(bytes) :
  new Uint8Array(Buffer.from(value, "hex"));
async function said(task) {
  const client = new sdk[task.client](
    { ...task.secrets, baseUrl: task.address, retry: { maxAttempts: 1 } });
  const given = task.arguments;
  if (task.isBinary) given[task.bodyAt] = bytes(given[task.bodyAt]);
  for (const name of task.files) {
    const body = given[task.bodyAt];
    if (body && name in body) body[name] = bytes(body[name]);
  }
  const resource = task.path.reduce((holder, name) => holder[name], client);
  const result = resource[task.method](...given.map((each) => each ?? undefined));
  if (task.gives === "stream") {
    const events = [];
    for await (const event of result) events.push(event);
    return events;
  }
  const value = await result;
  if (task.gives === "page") return value.data;
  const isBytes = value instanceof Uint8Array;
  return isBytes ? Buffer.from(value).toString("hex") : value ?? null;
}
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { value: await said(JSON.parse(line)) };
  } catch (error) {
    answer = { error: `${error?.name}: ${error?.message}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\\n");
}
"""


def call_python(tried: Exchanges, package: Path, address: str) -> list[Json]:
    """What each exchange gave through the Python SDK: a value or an error."""
    context = make_context(tried.api, tried.config)
    tasks = [
        {
            "module": tried.config.python.module,
            "client": tried.config.client.name,
            "secrets": secrets_of(tried),
            "address": f"{address}/{number}",
            **_python_call(context, exchange),
        }
        for number, exchange in enumerate(tried.made)
    ]
    command = [sys.executable, "-c", PYTHON_DRIVER]
    places = {"PYTHONPATH": str(package / "src")}
    return _answers(command, package, places, tasks)


def _python_call(context: Context, exchange: Exchange) -> Json:
    operation, members = exchange.operation, context.members
    method = members.methods[operation.id]
    if exchange.streamed:
        method = members.streams.get(operation.id) or method
    writer = context.writer(Imports())
    plan = MethodPlan(operation, context, Imports(), writer, is_async=False)
    given = {
        each.name: exchange.parameters[each.parameter.name, each.parameter.place]
        for each in plan.arguments
        if (each.parameter.name, each.parameter.place) in exchange.parameters
    }
    if exchange.body is not ABSENT:
        given |= exchange.body if plan.is_flat else {"body": exchange.body}
    return {
        "path": ".".join([*members.path(operation.resource), method]),
        "arguments": given,
        "files": files_of(exchange),
        "gives": gives(exchange),
    }


def call_typescript(tried: Exchanges, package: Path, address: str) -> list[Json]:
    """What each exchange gave through the TypeScript SDK: a value or an error."""
    # Only the JavaScript is wanted here: compilers.py checks the types, which takes tsc
    # most of its time.
    build = [str(TSC), "--project", "tsconfig.json", "--noCheck", "--declaration"]
    code, said = run([*build, "false"], package)
    if code != 0:
        raise RuntimeError(said[-1000:])
    (package / "loopback.mjs").write_text(TYPESCRIPT_DRIVER, "utf-8")
    names = name_everything(
        tried.api, tried.config.client.name, type_modules(tried.api)
    )
    secrets = secrets_of(tried)
    tasks = [
        {
            "client": tried.config.client.name,
            "secrets": {
                camel(split_words(name)): each for name, each in secrets.items()
            },
            "address": f"{address}/{number}",
            **_typescript_call(names, exchange),
        }
        for number, exchange in enumerate(tried.made)
    ]
    return _answers(["node", "loopback.mjs"], package, {}, tasks)


def _typescript_call(names: Names, exchange: Exchange) -> Json:
    operation, body = exchange.operation, exchange.operation.body
    stream = operation.stream
    method = stream.method if exchange.streamed and stream else operation.method
    steps = [
        names.resources[operation.resource[:end]].children[
            operation.resource[: end + 1]
        ]
        for end in range(len(operation.resource))
    ]
    values = exchange.parameters
    in_path = [each for each in operation.parameters if each.place == "path"]
    given: list[Json] = [values[each.name, "path"] for each in in_path]
    named = {
        key: values[place]
        for place, key in parameter_keys(operation).items()
        if place in values
    }
    others = [each for each in operation.parameters if each.place != "path"]
    last: list[tuple[bool, str, Json]] = []
    if body is not None:
        sent = None if exchange.body is ABSENT else exchange.body
        last.append((not body.required, "body", sent))
    if others:
        last.append((not any(each.required for each in others), "params", named))
    last.sort(key=lambda each: each[0])
    kinds = [kind for _, kind, _ in last]
    return {
        "path": [step.text for step in steps],
        "method": names.resources[operation.resource]
        .methods[operation.id, method]
        .text,
        "arguments": [*given, *(each for _, _, each in last)],
        "bodyAt": len(given) + kinds.index("body") if "body" in kinds else None,
        "isBinary": body is not None and body.kind == "binary",
        "files": files_of(exchange),
        "gives": gives(exchange),
    }


def gives(exchange: Exchange) -> str:
    """What a call returns, as a driver has to read it."""
    if exchange.streamed:
        return "stream"
    return "page" if exchange.operation.page is not None else "value"


def files_of(exchange: Exchange) -> list[str]:
    """The arguments that are bytes, which tasks carry in hexadecimal."""
    body = exchange.operation.body
    if body is None:
        return []
    if body.kind == "binary":
        return ["body"]
    return [part.field for part in body.parts if part.kind == "file"]


def secrets_of(tried: Exchanges) -> dict[str, str]:
    """A credential for each scheme, by the client's option."""
    return {each.option: CREDENTIAL for each in tried.api.schemes}


CALLERS: dict[str, Callable[[Exchanges, Path, str], list[Json]]] = {
    "python": call_python,
    "typescript": call_typescript,
}


def _answers(
    command: list[str], cwd: Path, environment: dict[str, str], tasks: list[Json]
) -> list[Json]:
    lines = "\n".join(json.dumps(task) for task in tasks)
    code, said = run(command, cwd, environment, lines)
    found = [json.loads(line) for line in said.split("\n") if line.startswith("{")]
    if code != 0 or len(found) != len(tasks):
        message = f"the driver ended early: exit {code}: {said[-1000:]}"
        raise RuntimeError(message)
    return found
