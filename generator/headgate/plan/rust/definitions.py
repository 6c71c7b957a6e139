"""The pages of the API's own types."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Docs,
    Enum,
    Field,
    Json,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    TypeId,
    Union,
)
from headgate.names import Scope
from headgate.plan.rust import layout
from headgate.plan.rust.containment import LARGE
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.names import (
    claim_pascal,
    claim_snake,
    scope,
    type_scope,
    variant_scope,
)
from headgate.plan.rust.pages import (
    AliasPage,
    ConstantPage,
    ConstructorPage,
    ConversionPage,
    EnumPage,
    FieldPage,
    ItemPage,
    SetterPage,
    StructPage,
    TaggedPage,
    UnionPage,
    ValuePage,
    VariantPage,
)
from headgate.plan.rust.types import OWN_MODULE, Types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.types import EnumValue, Variant

MOST_PARAMETERS: Final = 7
"""Clippy's limit, which a struct with more required fields has to pass."""

_TAGGED: Final = "crate::runtime::tagged"


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
class Definitions:
    """Plans the pages of definitions and answers how their parts are named."""

    types: Types
    constants: Constants
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
            optional=not field.required or one_sided,
            nullable=nullable,
            boxed=self.types.containment.contains(struct.id, bare),
            type=bare,
            constant=constant
            and not nullable
            and field.required
            and not one_sided
            and not struct.id.startswith("parameters of "),
        )

    def arms(self, union: Union) -> tuple[Arm, ...]:
        """Give the branches of a union, without the unknown one."""
        if union.id not in self._arms:
            names = variant_scope()
            if has_unknown(union):
                names.claim("Unknown")
            self._arms[union.id] = tuple(
                Arm(each, self._arm_name(each, names), self._arm_boxed(union, each))
                for each in union.variants
            )
        return self._arms[union.id]

    def arm(self, union: TypeId, variant: TypeId) -> Arm:
        """Give the branch of a union that holds a definition."""
        definition = self.types.definitions[union]
        assert isinstance(definition, Union)
        arms = self.arms(definition)
        return next(arm for arm in arms if arm.variant.type == Ref(variant))

    def _arm_name(self, variant: Variant, names: Scope) -> Code:
        if variant.tag is not None:
            return claim_pascal(names, (variant.tag,), "Variant")
        return claim_pascal(names, self._type_words(variant.type), "Variant")

    def _type_words(self, type_: TypeExpr) -> tuple[str, ...]:
        match type_:
            case Ref(id):
                return self.types.definitions[id].words
            case Scalar(kind):
                return ("text",) if kind in {"string", "binary"} else (kind,)
            case Constant(value):
                return (str(value),)
            case Json():
                return ("json",)
            case MapOf():
                return ("map",)
            case Nullable(inner):
                return self._type_words(inner)
            case _:
                return ("list",)

    def _arm_boxed(self, union: Union, variant: Variant) -> bool:
        if self.types.containment.contains(union.id, variant.type):
            return True
        return self.types.containment.size(variant.type) > LARGE

    def item(self, definition: Definition, imports: Imports) -> ItemPage:
        """Plan the page of one definition."""
        match definition:
            case Struct():
                return ItemPage(structs=(self._struct(definition, imports),))
            case Enum(kind="string"):
                return ItemPage(values=self._enum(definition, imports))
            case Enum():
                docs = documentation(definition.docs, definition.words)
                line = layout.alias(self.types.names[definition.id], fixed("i64"))
                return ItemPage(alias=AliasPage(docs, line, newtype=False))
            case Union():
                return ItemPage(union=self._union(definition, imports))
            case Alias():
                return ItemPage(alias=self._alias(definition, imports))
            case _:
                assert_never(definition)

    def struct(
        self,
        struct: Struct,
        name: Code,
        imports: Imports,
        home: Code,
        *,
        lenient: bool = False,
    ) -> StructPage:
        """Plan a struct that is read from JSON and written as JSON.

        A `lenient` one takes optional properties of the wrong type for absent.
        """
        sent = struct.direction.sent
        members = self.members(struct)
        fields = [
            self._field(member, imports, home, sent=sent, lenient=lenient)
            for member in members
        ]
        if struct.extra is not None:
            fields.append(self._extra(struct.extra, imports, home))
        imports.use("serde", "Serialize")
        imports.use("serde", "Deserialize")
        return StructPage(
            docs=documentation(struct.docs, struct.words),
            derive=_DERIVE_DEFAULT if _has_default(members) else _DERIVE,
            name=name,
            fields=tuple(fields),
            constructor=self._constructor(struct, imports, home) if sent else None,
            setters=self._setters(struct, imports, home) if sent else (),
        )

    def parameters(
        self, struct: Struct, name: Code, imports: Imports, home: Code
    ) -> StructPage:
        """Plan a struct of parameters, which are sent one by one."""
        members = self.members(struct)
        return StructPage(
            docs=documentation(struct.docs, struct.words),
            derive=_DERIVE_PLAIN_DEFAULT if _has_default(members) else _DERIVE_PLAIN,
            name=name,
            fields=tuple(self._plain_field(m, imports, home) for m in members),
            constructor=self._constructor(struct, imports, home),
            setters=self._setters(struct, imports, home),
        )

    def _struct(self, struct: Struct, imports: Imports) -> StructPage:
        return self.struct(struct, self.types.names[struct.id], imports, OWN_MODULE)

    def _plain_field(self, member: Member, imports: Imports, home: Code) -> FieldPage:
        head = assembled("pub {}", member.name)
        type_ = self._stored(member, imports, home, sent=True)
        line = layout.field(4, head, type_)
        return FieldPage(_field_docs(member.field), layout.EMPTY, line)

    def _field(
        self,
        member: Member,
        imports: Imports,
        home: Code,
        *,
        sent: bool,
        lenient: bool,
    ) -> FieldPage:
        renamed = member.name.text.removeprefix("r#") != member.field.name
        serde: list[Code] = []
        if renamed:
            serde.append(assembled("rename = {}", rust.string(member.field.name)))
        if member.constant:
            serde.append(fixed("default"))
        elif member.optional:
            serde += _optional_attributes(member, sent=sent)
            if lenient:
                serde += [fixed("default"), _LENIENT]
        attributes = layout.attribute(4, "serde", serde) if serde else layout.EMPTY
        if member.constant:
            value = member.type
            assert isinstance(value, Constant)
            constant = self.constants.name(str(value.value))
            imports.use_code(home, fixed("constants"))
            type_ = assembled("constants::{}", constant)
            line = layout.field(4, member.name, type_)
            return FieldPage(layout.EMPTY, attributes, line)
        head = assembled("pub {}", member.name)
        line = layout.field(4, head, self._stored(member, imports, home, sent=sent))
        return FieldPage(_field_docs(member.field), attributes, line)

    def _stored(
        self, member: Member, imports: Imports, home: Code, *, sent: bool
    ) -> Code:
        """Write the whole type of a field."""
        type_ = self.types.write(member.type, imports, home)
        if member.boxed:
            type_ = assembled("Box<{}>", type_)
        if member.nullable:
            type_ = assembled("Option<{}>", type_)
        if member.optional and not (member.nullable and not sent):
            type_ = assembled("Option<{}>", type_)
        return type_

    def _extra(self, extra: TypeExpr, imports: Imports, home: Code) -> FieldPage:
        type_ = self.types.write(MapOf(extra), imports, home)
        line = layout.field(4, fixed("pub extra"), type_)
        docs = fixed("    /// Properties that this version does not know.")
        return FieldPage(docs, fixed("    #[serde(flatten)]"), line)

    def _constructor(
        self, struct: Struct, imports: Imports, home: Code
    ) -> ConstructorPage:
        parameters: list[Code] = []
        values: list[Code] = []
        for member in self.members(struct):
            if is_parameter(member):
                type_, value = self.passed(member, member.name, imports, home)
                parameters.append(layout.parameter(member.name, type_))
                values.append(_given(member, value))
            else:
                values.append(assembled("{}: {}", member.name, _initial(member)))
        if struct.extra is not None:
            type_ = (
                fixed("Map") if isinstance(struct.extra, Json) else fixed("BTreeMap")
            )
            values.append(assembled("extra: {}::new()", type_))
        head, tail = fixed("pub fn new"), fixed(" -> Self {")
        return ConstructorPage(
            len(parameters) > MOST_PARAMETERS,
            layout.signature(4, head, parameters, tail),
            layout.struct_literal(8, fixed("Self"), values, layout.EMPTY),
        )

    def passed(
        self, member: Member, name: Code, imports: Imports, home: Code
    ) -> tuple[Code, Code]:
        """Give a parameter's type and the value made of it, null included."""
        type_ = self.types.write(member.type, imports, home)
        converted = not member.nullable and self._is_converted(member.type)
        value = assembled("{}.into()", name) if converted else name
        if converted:
            type_ = assembled("impl Into<{}>", type_)
        if member.nullable:
            inner = assembled("Option<{}>", type_)
            value = assembled("{}.map(Box::new)", name) if member.boxed else name
            return inner, value
        return type_, value

    def _is_converted(self, type_: TypeExpr) -> bool:
        """Say whether callers pass what converts into the type."""
        plain = self.types.resolve(type_)
        if isinstance(plain, Scalar):
            return plain.kind in {"string", "binary"}
        if not isinstance(plain, Ref):
            return False
        return isinstance(self.types.definitions[plain.id], Union)

    def _setters(
        self, struct: Struct, imports: Imports, home: Code
    ) -> tuple[SetterPage, ...]:
        return tuple(
            self._setter(member, name, imports, home)
            for member, name in self._named_setters(struct)
        )

    def setter_names(self, struct: Struct) -> dict[str, Code]:
        """Name the methods that set fields of a struct, by the fields' names."""
        return {member.field.name: name for member, name in self._named_setters(struct)}

    def _named_setters(self, struct: Struct) -> list[tuple[Member, Code]]:
        """Name them; parameters in different places may have one name."""
        methods = scope("new")
        return [
            (member, claim_snake(methods, member.field.name, "field"))
            for member in self.members(struct)
            if _is_settable(member)
        ]

    def _setter(
        self, member: Member, name: Code, imports: Imports, home: Code
    ) -> SetterPage:
        parameter = fixed("value")
        type_, value = self.passed(member, parameter, imports, home)
        if member.boxed and not member.nullable:
            value = assembled("Box::new({})", value)
        if member.optional:
            value = assembled("Some({})", value)
        head = assembled("pub fn {}", name)
        parameters = (fixed("mut self"), layout.parameter(parameter, type_))
        return SetterPage(
            docs=rust.doc(f"Sets `{member.field.name}`.".replace("``", "` `"), 4),
            signature=layout.signature(4, head, parameters, fixed(" -> Self {")),
            body=assembled("        self.{} = {};", member.name, value),
        )

    def _enum(self, enum: Enum, imports: Imports) -> EnumPage:
        names = variant_scope()
        unknown = layout.EMPTY
        if enum.open or enum.direction.received:
            unknown = rust.identifier(names.claim("Unknown"))
        imports.use("serde", "Serialize")
        imports.use("serde", "Deserialize")
        return EnumPage(
            docs=documentation(enum.docs, enum.words),
            name=self.types.names[enum.id],
            values=tuple(_value(value, names) for value in enum.values),
            unknown=unknown,
        )

    def _union(self, union: Union, imports: Imports) -> UnionPage:
        arms = self.arms(union)
        unknown = has_unknown(union)
        imports.use("serde", "Serialize")
        imports.use("serde", "Deserialize")
        variants = tuple(self._variant(arm, imports) for arm in arms)
        return UnionPage(
            docs=documentation(union.docs, union.words),
            derive=_DERIVE_TAGGED if union.tag is not None else _DERIVE,
            name=self.types.names[union.id],
            variants=variants,
            unknown=fixed("Unknown") if unknown else layout.EMPTY,
            unknown_type=self._unknown_type(union, imports),
            tagged=self._tagged(union, arms, imports),
            conversions=self._conversions(union, arms, imports),
        )

    def _unknown_type(self, union: Union, imports: Imports) -> Code:
        if not has_unknown(union):
            return layout.EMPTY
        imports.use("serde_json", "Value")
        if union.tag is None:
            return fixed("Value")
        imports.use("serde_json", "Map")
        return fixed("Map<String, Value>")

    def _variant(self, arm: Arm, imports: Imports) -> VariantPage:
        type_ = self.types.write(arm.variant.type, imports, OWN_MODULE)
        if arm.boxed:
            type_ = assembled("Box<{}>", type_)
        tag = arm.variant.tag
        text = f"Tagged `{tag}`." if tag is not None else self._untagged_docs(arm)
        line = layout.tuple_variant(4, arm.name, type_)
        return VariantPage(rust.doc(text, 4), line)

    def _untagged_docs(self, arm: Arm) -> str:
        words = " ".join(self._type_words(arm.variant.type))
        return f"In the form of `{words}`."

    def _tagged(
        self, union: Union, arms: Sequence[Arm], imports: Imports
    ) -> TaggedPage | None:
        if union.tag is None:
            return None
        imports.use("serde::de", "Deserializer")
        imports.use("serde::de", "MapAccess")
        for name in (fixed("self"), fixed("Fields"), fixed("Tagged")):
            imports.use_code(fixed(_TAGGED), name)
        lines = [_tag_arm(arm) for arm in arms]
        if has_unknown(union):
            lines.append(fixed("            _ => fields.read(Self::Unknown),"))
        else:
            lines.append(fixed("            _ => Err(tagged::unknown_tag(tag)),"))
        return TaggedPage(rust.string(union.tag.property), tuple(lines))

    def _conversions(
        self, union: Union, arms: Sequence[Arm], imports: Imports
    ) -> tuple[ConversionPage, ...]:
        if not union.direction.sent:
            return ()
        pages: list[ConversionPage] = []
        name = self.types.names[union.id]
        seen: list[object] = [self.types.signature(Ref(union.id))]
        for arm in arms:
            key = self.types.signature(arm.variant.type)
            if key in seen:
                continue
            seen.append(key)
            written = self.types.write(arm.variant.type, imports, OWN_MODULE)
            given = [(written, fixed("value"))]
            if key == "String":
                given.append((fixed("&str"), fixed("value.to_owned()")))
            for source, value in given:
                boxed = assembled("Box::new({})", value) if arm.boxed else value
                head = layout.conversion(source, name)
                pages.append(ConversionPage(head, source, _wrapped(arm, boxed)))
        return tuple(pages)

    def _alias(self, alias: Alias, imports: Imports) -> AliasPage:
        docs = documentation(alias.docs, alias.words)
        name = self.types.names[alias.id]
        type_ = self.types.write(alias.type, imports, OWN_MODULE)
        if not self.types.containment.is_recursive_alias(alias.id):
            return AliasPage(docs, layout.alias(name, type_), newtype=False)
        imports.use("serde", "Serialize")
        imports.use("serde", "Deserialize")
        if self.types.containment.contains(alias.id, alias.type):
            type_ = assembled("Box<{}>", type_)
        return AliasPage(docs, layout.newtype(name, type_), newtype=True)


_DERIVE: Final = fixed("#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]")
_DERIVE_DEFAULT: Final = fixed(
    "#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]"
)
_LENIENT: Final = fixed('deserialize_with = "crate::runtime::tagged::lenient"')
_DERIVE_PLAIN: Final = fixed("#[derive(Clone, Debug, PartialEq)]")
_DERIVE_PLAIN_DEFAULT: Final = fixed("#[derive(Clone, Debug, Default, PartialEq)]")
_DERIVE_TAGGED: Final = fixed("#[derive(Clone, Debug, PartialEq, Serialize)]")


def _has_default(members: Sequence[Member]) -> bool:
    return all(member.constant or member.optional for member in members)


def has_unknown(union: Union) -> bool:
    """Say whether a union has a branch for what it does not know."""
    return union.open or union.direction.received


def is_parameter(member: Member) -> bool:
    """Say whether a field has to be given to `new`."""
    return not member.optional and not member.constant


def _is_settable(member: Member) -> bool:
    return member.optional and not member.field.read_only


def documentation(docs: Docs, words: Sequence[str]) -> Code:
    """Write a definition's doc comment; without text it says its name in the spec."""
    return rust.doc(described(docs, f"`{' '.join(words)}`"))


def described(docs: Docs, fallback: str) -> str:
    """Give the spec's text, or another, and say that a thing is deprecated."""
    text = docs.text.strip() or f"{fallback.replace('``', '` `')}."
    return f"{text}\n\nDeprecated." if docs.deprecated else text


def _field_docs(field: Field) -> Code:
    text = described(field.docs, f"The property `{field.name}`")
    if field.default is not None:
        text = f"{text}\n\nDefault: `{_default_text(field.default.value)}`."
    return rust.doc(text, 4)


def _default_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True).replace("`", "'")


def _optional_attributes(member: Member, *, sent: bool) -> list[Code]:
    skip = fixed('skip_serializing_if = "Option::is_none"')
    if not (member.nullable and sent):
        return [skip]
    read = fixed('deserialize_with = "crate::runtime::tagged::present"')
    return [fixed("default"), skip, read]


def _given(member: Member, value: Code) -> Code:
    """Write what a field is given in `new`."""
    name = member.name
    if member.boxed and not member.nullable:
        return layout.boxed_member(12, name, value)
    if value == assembled("{}.into()", name):
        return layout.converted_member(12, name)
    return name if name == value else layout.member(12, name, value)


def _initial(member: Member) -> Code:
    if member.optional:
        return fixed("None")
    return fixed("Default::default()")


def _value(value: EnumValue, names: Scope) -> ValuePage:
    variant = claim_pascal(names, (str(value.value),), "Value")
    wire = rust.string(str(value.value))
    text = value.docs.text.strip() or f"`{value.value}`.".replace("``", "` `")
    rename = layout.attribute(4, "serde", (assembled("rename = {}", wire),))
    pattern = assembled("Self::{}", variant)
    return ValuePage(rust.doc(text, 4), rename, variant, layout.arm(12, pattern, wire))


def _tag_arm(arm: Arm) -> Code:
    tag = rust.string(arm.variant.tag or "")
    pattern = assembled("Some({})", tag)
    body = assembled("fields.read(Self::{})", arm.name)
    return layout.arm(12, pattern, body)


def _wrapped(arm: Arm, value: Code) -> Code:
    return assembled("        Self::{}({})", arm.name, value)
