"""Checks requests by the schemas of the specification itself."""

import re
from typing import Any

from starlette.requests import Request

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JSONDecodeError, integral, loads
from headgate_gateway.picking import Problem, pick
from headgate_gateway.specification import Operation, Parameter, Specification

_INTEGER = re.compile(r"-?[0-9]{1,15}(\.0+)?")
_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
_JSON = "application/json"


class OperationValidator:
    """Validates the requests of one operation."""

    def __init__(
        self,
        operation: Operation,
        specification: Specification,
        *,
        bodies: bool = True,
    ) -> None:
        self._operation = operation
        self._checks_bodies = bodies
        self._parameters = [
            _ParameterValidator(parameter, specification)
            for parameter in operation.parameters
        ]
        self._body = (
            None if operation.body is None else specification.validator(operation.body)
        )

    def parameters(self, request: Request) -> dict[str, Any]:
        """The parameters by name, converted and with defaults."""
        values: dict[str, Any] = {}
        for parameter in self._parameters:
            parameter.read(request, values)
        return values

    async def body(self, request: Request, *, limit: int) -> Any:
        """The JSON body, 1.0 as 1; None when it may be absent and is."""
        if self._body is None:
            return None
        data = await read_body(request, limit=limit)
        if not data:
            if self._operation.body_required:
                raise _invalid(Problem("", "The request needs a JSON body."))
            return None
        _require_json(request)
        value = integral(_parse(data))
        if not self._checks_bodies:
            return value
        problem = pick(self._body.iter_errors(value))
        if problem is not None:
            raise _invalid(problem)
        return value


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body, refused as soon as it is known to be larger than ``limit``."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _require_json(request: Request) -> None:
    media_type = (
        request.headers.get("content-type", "").partition(";")[0].strip().lower()
    )
    if media_type != _JSON:
        raise GatewayError("unsupported_media_type", f"The body has to be {_JSON}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise GatewayError(
            "unsupported_media_type", "The body has to be sent unencoded."
        )


def _parse(data: bytes) -> Any:
    try:
        return loads(data)
    except JSONDecodeError as error:
        raise _invalid(Problem("", f"The body is not JSON: {error}.")) from None


class _ParameterValidator:
    """Reads one parameter from its place, converts it by its type and checks it."""

    def __init__(self, parameter: Parameter, specification: Specification) -> None:
        self._parameter = parameter
        self._schema = specification.resolve(parameter.schema)
        self._validator = specification.validator(parameter.schema)

    def read(self, request: Request, values: dict[str, Any]) -> None:
        """Put the parameter's value into ``values``, if it has one."""
        given = self._given(request)
        if len(given) > 1:
            raise _invalid(
                Problem(self._parameter.name, "This parameter was sent twice.")
            )
        if given:
            value = self._converted(given[0])
            problem = pick(self._validator.iter_errors(value))
            if problem is not None:
                raise _invalid(Problem(self._parameter.name, problem.message))
            values[self._parameter.name] = value
        elif self._parameter.required:
            raise _invalid(Problem(self._parameter.name, "This parameter is required."))
        elif "default" in self._schema:
            values[self._parameter.name] = self._schema["default"]

    def _given(self, request: Request) -> list[str]:
        name = self._parameter.name
        match self._parameter.place:
            case "query":
                return request.query_params.getlist(name)
            case "header":
                return request.headers.getlist(name)
            case _:
                return [request.path_params[name]]

    def _converted(self, text: str) -> object:
        """The text as the schema's type; what is not of it stays text, and fails."""
        match self._schema.get("type"):
            case "integer" if _INTEGER.fullmatch(text):
                return int(float(text))
            case "number" if _NUMBER.fullmatch(text):
                return float(text)
            case "boolean" if text in ("true", "false"):
                return text == "true"
            case _:
                return text


def _invalid(problem: Problem) -> GatewayError:
    return GatewayError(
        "validation_failed", problem.message, param=problem.param or None
    )


def _too_large(limit: int) -> GatewayError:
    return GatewayError(
        "payload_too_large",
        f"The body is larger than {limit} bytes.",
        details={"limit_bytes": limit},
        headers={"Connection": "close"},
    )
