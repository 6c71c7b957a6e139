"""What the templates of the types show: frozen pages whose leaves are code."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.encoding.code import Code


@dataclass(frozen=True, slots=True)
class FieldPage:
    """A field: its doc comment, its attributes, its declaration."""

    docs: Code
    attributes: Code
    declaration: Code


@dataclass(frozen=True, slots=True)
class SetterPage:
    """A method that sets a field: its documentation, head and assignment."""

    docs: Code
    signature: Code
    body: Code


@dataclass(frozen=True, slots=True)
class ConstructorPage:
    """The function `new`: the fields that are required are its parameters."""

    many: bool
    signature: Code
    body: Code


@dataclass(frozen=True, slots=True)
class StructPage:
    """A struct; `constructor` is there when callers make values of it."""

    docs: Code
    derive: Code
    name: Code
    fields: tuple[FieldPage, ...]
    constructor: ConstructorPage | None
    setters: tuple[SetterPage, ...]


@dataclass(frozen=True, slots=True)
class ValuePage:
    """A value of an enum: its doc comment, variant and wire form."""

    docs: Code
    rename: Code
    variant: Code
    arm: Code


@dataclass(frozen=True, slots=True)
class EnumPage:
    """A set of strings."""

    docs: Code
    name: Code
    values: tuple[ValuePage, ...]
    unknown: Code


@dataclass(frozen=True, slots=True)
class VariantPage:
    """A branch of a union."""

    docs: Code
    declaration: Code


@dataclass(frozen=True, slots=True)
class ConversionPage:
    """A `From` that makes a union out of one of its branches."""

    head: Code
    source: Code
    body: Code


@dataclass(frozen=True, slots=True)
class TaggedPage:
    """How a union reads its tag."""

    property: Code
    arms: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ShapedPage:
    """How a union without a tag is read: what is offered, and how that ends."""

    choices: tuple[Code, ...]
    end: Code


@dataclass(frozen=True, slots=True)
class UnionPage:
    """One of several types."""

    docs: Code
    derive: Code
    name: Code
    variants: tuple[VariantPage, ...]
    unknown: Code
    unknown_type: Code
    tagged: TaggedPage | None
    shaped: ShapedPage | None
    conversions: tuple[ConversionPage, ...]
    file_arms: tuple[Code, ...]
    """How each variant is added to a form; none unless some are files."""


@dataclass(frozen=True, slots=True)
class AliasPage:
    """Another name; `newtype` where Rust needs a type of its own."""

    docs: Code
    declaration: Code
    newtype: bool


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A definition: exactly one of its pages is there."""

    structs: tuple[StructPage, ...] = ()
    values: EnumPage | None = None
    union: UnionPage | None = None
    alias: AliasPage | None = None


@dataclass(frozen=True, slots=True)
class TypesPage:
    """A file of types."""

    header: Code
    about: Code
    imports: Code
    items: tuple[ItemPage, ...]


@dataclass(frozen=True, slots=True)
class ModulesPage:
    """A file that lists modules."""

    header: Code
    about: Code
    modules: tuple[Code, ...]
    shown: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class ConstantPage:
    """A string that a property always has."""

    name: Code
    rename: Code


@dataclass(frozen=True, slots=True)
class ConstantsPage:
    """The file of such strings."""

    header: Code
    constants: tuple[ConstantPage, ...]
