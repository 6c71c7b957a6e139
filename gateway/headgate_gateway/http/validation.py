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
_SHAPES = bytes(
    {"0": 48, ".": 46, "e": 101, "E": 101}.get(
        chr(code), 49 if 49 <= code <= 57 else 32
    )
    for code in range(256)
)
"""What text is to who looks for numbers: ``0``, ``1`` for the rest, ``.``, ``e``."""
_DIGITS = bytes(48 if code in b"0123456789." else 32 for code in range(256))
_ROUNDED = b"0" * 16
"""So many digits that they are rounded."""
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
        self._path: list[_ParameterValidator] = []
        self._query: dict[str, _ParameterValidator] = {}
        self._header: dict[str, _ParameterValidator] = {}
        self._defaults: dict[str, Any] = {}
        self._required: list[str] = []
        for parameter in operation.parameters:
            self._place(_ParameterValidator(parameter, specification))
        self._body = (
            None if operation.body is None else specification.validator(operation.body)
        )

    def _place(self, validator: "_ParameterValidator") -> None:
        """Keep a parameter where what is given finds it."""
        parameter = validator.parameter
        match parameter.place:
            case "query":
                self._query[parameter.name] = validator
            case "header":
                self._header[parameter.name.lower()] = validator
            case _:
                self._path.append(validator)
                return
        if parameter.required:
            self._required.append(parameter.name)
        elif "default" in validator.schema:
            self._defaults[parameter.name] = validator.schema["default"]

    def parameters(self, request: Request) -> dict[str, Any]:
        """The parameters by name, converted and with defaults.

        Goes by what is given: most requests give few of many parameters.
        """
        values = dict(self._defaults)
        for known in self._path:
            name = known.parameter.name
            known.read([request.path_params[name]], values)
        if self._query and request.scope["query_string"]:
            query = request.query_params
            for name in query.keys() & self._query.keys():
                self._query[name].read(query.getlist(name), values)
        headers = request.headers
        given = self._header.keys() & headers.keys()
        for name in sorted(given) if len(given) > 1 else given:
            self._header[name].read(headers.getlist(name), values)
        for name in self._required:
            if name not in values:
                raise _invalid(Problem(name, "This parameter is required."))
        return values

    @property
    def takes_body(self) -> bool:
        """Whether there is a body to look at."""
        return self._body is not None

    def body(self, request: Request, data: bytes) -> Any:
        """The JSON of a body, 1.0 as 1; None when it may be absent and is."""
        if self._body is None:
            raise LookupError(f"{self._operation.id} takes no body")
        if not data:
            if self._operation.body_required:
                raise _invalid(Problem("", "The request needs a JSON body."))
            return None
        _require_json(request)
        value = _parse(data)
        if not self._checks_bodies or self._body.is_valid(value):
            return value
        problem = pick(self._body.iter_errors(value))
        if problem is not None:
            raise _invalid(problem)
        return value


def _require_json(request: Request) -> None:
    given: str = request.headers.get("content-type", "")
    if given != _JSON and given.partition(";")[0].strip().lower() != _JSON:
        raise GatewayError("unsupported_media_type", f"The body has to be {_JSON}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise GatewayError(
            "unsupported_media_type", "The body has to be sent unencoded."
        )


def _parse(data: bytes) -> Any:
    try:
        value = loads(data)
        return integral(value) if _may_be_integral(data) else value
    except JSONDecodeError as error:
        raise _invalid(Problem("", f"The body is not JSON: {error}.")) from None


def _may_be_integral(data: bytes) -> bool:
    """Whether a number may be an integer that is not written as one; seldom in vain.

    It has an exponent, a fraction that begins with a zero, or very many digits. A
    regular expression that says so takes longer than to parse the text, and ``in``
    takes what is sought for a number first.
    """
    found = data.translate(_SHAPES).find
    return (
        found(b".0") >= 0
        or found(b"0e") >= 0
        or found(b"1e") >= 0
        or data.translate(_DIGITS).find(_ROUNDED) >= 0
    )


class _ParameterValidator:
    """Reads one parameter from its place, converts it by its type and checks it."""

    def __init__(self, parameter: Parameter, specification: Specification) -> None:
        self.parameter = parameter
        self.schema = specification.resolve(parameter.schema)
        self._validator = specification.validator(parameter.schema)

    def read(self, given: list[str], values: dict[str, Any]) -> None:
        """Put the value that is given into ``values``."""
        name = self.parameter.name
        if len(given) > 1:
            raise _invalid(Problem(name, "This parameter was sent twice."))
        value = self._converted(given[0])
        if not self._validator.is_valid(value):
            problem = pick(self._validator.iter_errors(value))
            if problem is not None:
                raise _invalid(Problem(name, problem.message))
        values[name] = value

    def _converted(self, text: str) -> object:
        """The text as the schema's type; what is not of it stays text, and fails."""
        match self.schema.get("type"):
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
