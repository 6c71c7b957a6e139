# Fixed runtime of a generated SDK: the same source in every package.
"""Received values: typed where the specification knows them, kept where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NewType, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import core_schema

from .json_values import is_object

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

JsonText = NewType("JsonText", str)
"""A text that arrives as a JSON string; read as `str`, a body is the text itself."""
UNNAMED = ""
"""A step of an error's location that means nothing to a caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """The HTTP side of an answer; header names are in lower case."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    request_id: str | None


class ApiModel(BaseModel):
    """A received object. Fields that the specification does not know are kept."""

    model_config = ConfigDict(
        extra="allow",
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
    )

    @property
    def http_response(self) -> HttpResponse:
        """The HTTP answer that this object is the body of."""
        answer = self.__dict__.get("_http_response")
        if isinstance(answer, HttpResponse):
            return answer
        raise AttributeError("this object is not the body of an answer")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            if not isinstance(value, HttpResponse):
                yield name, value

    def to_dict(self) -> dict[str, Any]:
        """Give the object as it was received: wire names, nothing filled in."""
        return self.model_dump(mode="json", exclude_unset=True)


def attach(model: ApiModel, answer: HttpResponse) -> None:
    """Let a result show the HTTP answer it came in."""
    vars(model)["_http_response"] = answer


class Unknown:
    """A variant that this version does not know, with all that was received.

    Properties of the JSON object are read as attributes: `unknown.type`.
    """

    __slots__ = ("raw",)

    raw: Any
    """The JSON value as it was received."""

    if TYPE_CHECKING:
        type: Literal["<unknown>"]
        """What was received at run time. Type checkers see a value that no variant
        has, so that comparing `type` with a known one rules this class out."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def __getattr__(self, name: str) -> Any:
        if name != "raw" and is_object(self.raw) and name in self.raw:
            return self.raw[name]
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(repr(self.raw))

    def __repr__(self) -> str:
        return f"Unknown({self.raw!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._received,
            serialization=core_schema.plain_serializer_function_ser_schema(_raw_of),
        )

    @classmethod
    def _received(cls, value: Any) -> Unknown:
        return value if isinstance(value, Unknown) else cls(value)


def _raw_of(unknown: Unknown) -> Any:
    return unknown.raw


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """Marks a union whose arms are told apart by a property: `arms` by its values.

    A value of the property that is not among them gives `Unknown`; a value that is
    among them must be that arm. Without the property it is `absent`, if that fits.
    """

    name: str
    arms: Mapping[str, Any]
    absent: Any = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        choices = {tag: handler.generate_schema(arm) for tag, arm in self.arms.items()}
        known = core_schema.tagged_union_schema(choices, discriminator=self.name)
        unknown = core_schema.no_info_plain_validator_function(
            self._unknown,
            serialization=core_schema.plain_serializer_function_ser_schema(_raw_of),
        )
        others: list[core_schema.CoreSchema] = [unknown]
        if self.absent is not None:
            arm = handler.generate_schema(self.absent)
            untold = core_schema.no_info_before_validator_function(self._untold, arm)
            others = [untold, unknown]
        return core_schema.union_schema(
            [(known, UNNAMED), *others], mode="left_to_right"
        )

    def _untold(self, value: Any) -> Any:
        """Give what has no tag to the arm that may lack it."""
        if self._tag_of(value) is not None:
            raise ValueError("it has a tag")
        return value

    def _unknown(self, value: Any) -> Unknown:
        """Take what no arm took, unless its tag says that one should have.

        Asked last, and in Python, so that what is known is read without leaving the
        validator.
        """
        tag = self._tag_of(value)
        if isinstance(tag, str) and tag in self.arms:
            raise ValueError(f"this is no {tag!r}")
        return value if isinstance(value, Unknown) else Unknown(value)

    def _tag_of(self, value: object) -> object:
        if is_object(value):
            return value.get(self.name)
        return None if isinstance(value, Unknown) else getattr(value, self.name, None)


_EXACT: Mapping[Any, core_schema.CoreSchema] = {
    str: core_schema.str_schema(strict=True),
    int: core_schema.int_schema(strict=True),
    float: core_schema.float_schema(strict=True),
    bool: core_schema.bool_schema(strict=True),
}
"""Where another arm may fit better, a number is no text and a boolean no number."""


@dataclass(frozen=True, slots=True)
class Untagged:
    """Marks a union whose arm is the one that fits best, `Unknown` when none does."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        arms = [arm for arm in get_args(source) if arm is not Unknown]
        known = core_schema.union_schema(
            [_EXACT.get(arm) or handler.generate_schema(arm) for arm in arms]
        )
        unknown = handler.generate_schema(Unknown)
        return core_schema.union_schema([known, unknown], mode="left_to_right")


def read_json(form: Any, content: bytes) -> Any:
    """Read JSON as a type expression, its text as UTF-8 with replacement."""
    read = reader_of(form)
    try:
        return read(content)
    except ValidationError:
        text = content.decode("utf-8", "replace").encode()
        if text == content:
            raise
        return read(text)


@cache
def reader_of(form: Any) -> Callable[[bytes], Any]:
    """Give what reads JSON as a type expression, with nothing between it and the bytes.

    Asking for it builds the models that the expression names.
    """
    return TypeAdapter(form).validator.validate_json
