# Fixed runtime of a generated SDK: the same source in every package.
"""A function's signature as JSON Schema, for those who call it by JSON."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import ConfigDict, Field, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from .errors import ConfigurationError
from .json_values import is_list, is_object

_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDescription:
    """A function as those see it who call it by JSON."""

    name: str
    description: str
    parameters: dict[str, Any]


def described(function: Callable[..., Any]) -> FunctionDescription:
    """Describe a function by its name, docstring and signature.

    A parameter's own description comes from `Annotated[…, Field(description=…)]`.
    Raises `ConfigurationError` for a parameter that JSON cannot give.
    """
    name = getattr(function, "__name__", type(function).__name__)
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    parameters = inspect.signature(function).parameters.values()
    for number, parameter in enumerate(parameters):
        if parameter.kind in _ANY_NUMBER:
            raise ConfigurationError(f"{name}: *{parameter.name} has no JSON Schema")
        default = ... if parameter.default is parameter.empty else parameter.default
        # An alias, for a field of a model may not be called `schema` or `_id`.
        field = Field(default=default, alias=parameter.name)
        fields[f"parameter_{number}"] = (hints.get(parameter.name, Any), field)
    return FunctionDescription(
        name=name,
        description=inspect.getdoc(function) or "",
        parameters=_schema(name, fields),
    )


def _schema(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        config = ConfigDict(extra="forbid")
        model = create_model(name, __config__=config, **fields)
        schema = model.model_json_schema(by_alias=True)
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ConfigurationError(f"{name}: {error}") from error
    found: dict[str, Any] = _without_titles(schema)
    found.setdefault("properties", {})
    return found


def _without_titles(schema: Any, *, names_properties: bool = False) -> Any:
    """Drop the titles that pydantic makes of names; a property may be called so."""
    if is_object(schema):
        return {
            key: _without_titles(
                value,
                names_properties=not names_properties
                and key in ("properties", "$defs"),
            )
            for key, value in schema.items()
            if names_properties or key != "title" or not isinstance(value, str)
        }
    return [_without_titles(item) for item in schema] if is_list(schema) else schema
