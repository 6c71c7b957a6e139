"""Programs that call exchanges through a generated SDK and say what they were given."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.names import camel, split_words
from headgate.plan.package import Language
from headgate.plan.python.context import Context, make_context
from headgate.plan.python.imports import Imports
from headgate.plan.python.methods import MethodPlan
from headgate.plan.typescript.names import Names, name_everything
from headgate.plan.typescript.reach import type_modules
from headgate.plan.typescript.requests import parameter_keys
from tests.corpus.compilers import CARGO_TARGET, TSC, run
from tests.corpus.exchanges import ABSENT, Exchange, Exchanges
from tests.corpus.loopback import Loopback
from tests.corpus.rust_calls import RustCalls, write_program

Json = Any
CREDENTIAL = "loopback-secret"
PYTHON_DRIVER = """
import asyncio, importlib, inspect, json, sys
from operator import attrgetter
from pydantic import TypeAdapter
ANY = TypeAdapter(object)
def plain(value):
    return ANY.dump_python(value, mode="json", by_alias=True, exclude_unset=True,
        fallback=lambda unknown: unknown.raw)
def bytes_of(value):
    return [bytes.fromhex(e) for e in value] if isinstance(value, list) else (
        bytes.fromhex(value))
def client_of(task):
    client_class = getattr(importlib.import_module(task["module"]), task["client"])
    known = inspect.signature(client_class).parameters
    secrets = {k: v for k, v in task["secrets"].items() if k in known}
    return client_class(base_url=task["address"], max_attempts=1, **secrets)
def result_of(task, client):
    given = task["arguments"]
    for name in task["files"]:
        holder = given if name in given else given.get("body", {})
        if name in holder:
            holder[name] = bytes_of(holder[name])
    return attrgetter(task["path"])(client)(**given)
def shown(task, value):
    if task["gives"] == "page":
        value = value.data
    return value.hex() if isinstance(value, bytes) else plain(value)
def called(task):
    result = result_of(task, client_of(task))
    if task["gives"] == "stream":
        with result as stream:
            return [plain(event) for event in stream]
    return shown(task, result)
async def awaited(task):
    async with client_of(task) as client:
        result = result_of(task, client)
        if task["gives"] == "stream":
            async with result as stream:
                return [plain(event) async for event in stream]
        return shown(task, await result)
for line in sys.stdin:
    task = json.loads(line)
    try:
        value = asyncio.run(awaited(task)) if task["is_async"] else called(task)
        answer = {"value": value}
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
    return _call_python(tried, package, address, is_async=False)


def call_async_python(tried: Exchanges, package: Path, address: str) -> list[Json]:
    """The same through its client whose calls are awaited."""
    return _call_python(tried, package, address, is_async=True)


def _call_python(
    tried: Exchanges, package: Path, address: str, *, is_async: bool
) -> list[Json]:
    context = make_context(tried.api, tried.config)
    name = tried.config.client.name
    tasks = [
        {
            "module": tried.config.python.module,
            "client": f"Async{name}" if is_async else name,
            "is_async": is_async,
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


def call_rust(tried: Exchanges, package: Path, address: str) -> list[Json]:
    """What each exchange gave through the Rust SDK: a value or an error."""
    crate = tried.config.rust.crate
    calls = RustCalls.of(tried.api, tried.config)
    folder = write_program(calls, tried.made, crate, package)
    build = ["cargo", "build", "--quiet", "--target-dir", str(CARGO_TARGET)]
    code, said = run(build, folder)
    if code != 0:
        raise RuntimeError(said[-3000:])
    prefix = tried.config.client.environment_prefix
    environment = {
        f"{prefix}_{option.upper()}": secret
        for option, secret in secrets_of(tried).items()
    }
    tasks = [
        {
            "number": number,
            "address": f"{address}/{number}",
            "body": None if exchange.body is ABSENT else exchange.body,
            **{
                f"{place} {name}": value
                for (name, place), value in exchange.parameters.items()
            },
        }
        for number, exchange in enumerate(tried.made)
    ]
    program = str(CARGO_TARGET / "debug" / f"{crate}-loopback")
    return _answers([program], folder, environment, tasks)


@dataclass(frozen=True)
class Caller:
    """A client that exchanges are called through, and the language of its package."""

    language: Language
    call: Callable[[Exchanges, Path, str], list[Json]]


CALLERS = {
    "python": Caller("python", call_python),
    "python async": Caller("python", call_async_python),
    "typescript": Caller("typescript", call_typescript),
    "rust": Caller("rust", call_rust),
}


def differences(tried: Exchanges, package: Path, caller: Caller) -> list[str]:
    """What arrived, was decoded or was raised other than it should have been."""
    with Loopback(tried.made) as server:
        said = caller.call(tried, package, server.address)
    found: list[str] = []
    for number, (exchange, given) in enumerate(zip(tried.made, said, strict=True)):
        wrong = server.faults.get(number, ["was never asked for"])
        if "error" in given:
            wrong = [*wrong, given["error"]]
        elif given["value"] != exchange.answer.meaning:
            meant = exchange.answer.meaning
            wrong = [*wrong, f"{meant!r} was decoded as {given['value']!r}"]
        found += [f"{exchange.label}: {each}" for each in wrong]
    return found


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
