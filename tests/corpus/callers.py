"""Programs that call exchanges through a generated SDK and say what they were given."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.plan.python.context import Context, make_context
from headgate.plan.python.imports import Imports
from headgate.plan.python.methods import MethodPlan
from tests.corpus.compilers import run
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
