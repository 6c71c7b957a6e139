"""What structs and unions are made of in Rust: their fields and branches, named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled
from headgate.ir.types import (
    Constant,
    Field,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    TypeExpr,
    TypeId,
    Union,
)
from headgate.plan.rust import layout
from headgate.plan.rust.containment import LARGE
from headgate.plan.rust.names import (
    claim_pascal,
    claim_snake,
    scope,
    type_scope,
    variant_scope,
)
from headgate.plan.rust.pages import ConstantPage
from headgate.plan.rust.types import Types

if TYPE_CHECKING:
    from headgate.ir.types import Variant
    from headgate.names import Scope


@dataclass(slots=True)
class Constants:
    """The strings that properties always have, each a type without data."""

    _names: Scope = field(default_factory=type_scope)
    pages: dict[str, ConstantPage] = field(default_factory=dict[str, ConstantPage])

    def name(self, value: str) -> Code:
        """Give the name of the type for a string."""
        if value not in self.pages:
            name = claim_pascal(self._names, (value,), "Constant")
            rename = assembled("rename = {}", rust.string(value))
            page = ConstantPage(name, layout.attribute(4, "serde", (rename,)))
            self.pages[value] = page
        return self.pages[value].name


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a struct as Rust has it.

    `type` is what the value is without `Option`; `optional` and `nullable` say how
    often it is wrapped, `boxed` whether it is behind a pointer.
    """

    field: Field
    name: Code
    optional: bool
    nullable: bool
    boxed: bool
    type: TypeExpr
    constant: bool


@dataclass(frozen=True, slots=True)
class Arm:
    """A branch of a union as Rust has it."""

    variant: Variant
    name: Code
    boxed: bool


@dataclass(frozen=True)
class Members:
    """Answers how the parts of definitions are named and held."""

    types: Types
    constants: Constants
    asking: frozenset[tuple[TypeId, str]]
    """The properties that methods set, and that nobody has to give."""
    _members: dict[TypeId, tuple[Member, ...]] = field(
        default_factory=dict[TypeId, tuple[Member, ...]]
    )
    _arms: dict[TypeId, tuple[Arm, ...]] = field(
        default_factory=dict[TypeId, tuple[Arm, ...]]
    )

    def members(self, struct: Struct) -> tuple[Member, ...]:
        """Give the fields of a struct, in the spec's order."""
        if struct.id not in self._members:
            names = scope("extra") if struct.extra is not None else scope()
            self._members[struct.id] = tuple(
                self._member(struct, each, names) for each in struct.fields
            )
        return self._members[struct.id]

    def member(self, struct: TypeId, name: str) -> Member:
        """Give the field of a struct by its name in the spec."""
        definition = self.types.definitions[struct]
        assert isinstance(definition, Struct)
        return next(m for m in self.members(definition) if m.field.name == name)

    def find(self, struct: Struct, name: str) -> Member | None:
        """Look for a field of a struct by its name in the spec."""
        return next((m for m in self.members(struct) if m.field.name == name), None)

    def _member(self, struct: Struct, field: Field, names: Scope) -> Member:
        type_ = field.type
        nullable = isinstance(type_, Nullable)
        bare = type_.inner if isinstance(type_, Nullable) else type_
        one_sided = field.read_only or field.write_only
        constant = isinstance(bare, Constant) and isinstance(bare.value, str)
        return Member(
            field=field,
            name=claim_snake(names, field.name, "field"),
            optional=not field.required
            or one_sided
            or (struct.id, field.name) in self.asking,
            nullable=nullable,
            boxed=self.types.containment.contains(struct.id, bare),
            type=bare,
            constant=constant
            and not nullable
            and field.required
            and not one_sided
            and (struct.id, field.name) not in self.asking
            and not struct.id.startswith("parameters of "),
        )

    def arms(self, union: Union) -> tuple[Arm, ...]:
        """Give the branches of a union, without the unknown one."""
        if union.id not in self._arms:
            names = variant_scope()
            if has_unknown(union):
                names.claim("Unknown")
            words = [self._arm_words(each) for each in union.variants]
            self._arms[union.id] = tuple(
                Arm(
                    each,
                    claim_pascal(names, self._telling(each, own, words), "Variant"),
                    self._arm_boxed(union, each),
                )
                for each, own in zip(union.variants, words, strict=True)
            )
        return self._arms[union.id]

    def arm(self, union: TypeId, variant: TypeId) -> Arm:
        """Give the branch of a union that holds a definition."""
        definition = self.types.definitions[union]
        assert isinstance(definition, Union)
        arms = self.arms(definition)
        return next(arm for arm in arms if arm.variant.type == Ref(variant))

    def _arm_words(self, variant: Variant) -> tuple[str, ...]:
        if variant.tag is not None:
            return (variant.tag,)
        return self.type_words(variant.type)

    def _telling(
        self, variant: Variant, words: tuple[str, ...], all_: list[tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Give the words for a branch, longer ones if it is one of several lists."""
        if variant.tag is not None or all_.count(words) == 1:
            return words
        return self.full_words(variant.type)

    def full_words(self, type_: TypeExpr) -> tuple[str, ...]:
        """Give the words for a type, with those for what it holds."""
        match type_:
            case ListOf(ListOf(item)):
                return (*self.full_words(item), "lists")
            case ListOf(item):
                return (*self.full_words(item), "list")
            case MapOf(value):
                return (*self.full_words(value), "map")
            case TupleOf():
                return ("tuple",)
            case Nullable(inner):
                return self.full_words(inner)
            case Scalar("string", str() as format_):
                return (format_,)
            case _:
                return self.type_words(type_)

    def type_words(self, type_: TypeExpr) -> tuple[str, ...]:
        """Give the words for a type that has no name of its own."""
        match type_:
            case Ref(id):
                return self.types.definitions[id].words
            case Scalar(kind):
                return ("text",) if kind == "string" else (kind,)
            case Constant(value):
                return (str(value),)
            case Json():
                return ("json",)
            case MapOf():
                return ("map",)
            case Nullable(inner):
                return self.type_words(inner)
            case _:
                return ("list",)

    def _arm_boxed(self, union: Union, variant: Variant) -> bool:
        if self.types.containment.contains(union.id, variant.type):
            return True
        return self.types.containment.size(variant.type) > LARGE


def has_unknown(union: Union) -> bool:
    """Say whether a union has a branch for what it does not know."""
    return union.open or union.direction.received


def is_parameter(member: Member) -> bool:
    """Say whether a field has to be given to `new`."""
    return not member.optional and not member.constant
