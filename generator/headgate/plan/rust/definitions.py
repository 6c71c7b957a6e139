"""The pages of the API's own types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Json,
    MapOf,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from headgate.names import Scope
from headgate.plan.rust import layout
from headgate.plan.rust.docs import documentation, field_docs
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.members import (
    Member,
    Members,
    is_parameter,
)
from headgate.plan.rust.names import (
    claim_pascal,
    claim_snake,
    scope,
    variant_scope,
)
from headgate.plan.rust.pages import (
    AliasPage,
    ConstructorPage,
    EnumPage,
    FieldPage,
    ItemPage,
    SetterPage,
    StructPage,
    ValuePage,
)
from headgate.plan.rust.types import OWN_MODULE
from headgate.plan.rust.unions import plan_union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.types import EnumValue

MOST_PARAMETERS: Final = 7
"""Clippy's limit, which a struct with more required fields has to pass."""

_TAGGED: Final = "crate::runtime::tagged"


@dataclass(frozen=True)
class Definitions(Members):
    """Plans the pages of definitions."""

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
                return ItemPage(union=plan_union(self, definition, imports))
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
            self._field(member, imports, home, lenient=lenient) for member in members
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
        type_ = self._stored(member, imports, home)
        line = layout.field(4, head, type_)
        return FieldPage(field_docs(member.field), layout.EMPTY, line)

    def _field(
        self,
        member: Member,
        imports: Imports,
        home: Code,
        *,
        lenient: bool,
    ) -> FieldPage:
        renamed = member.name.text.removeprefix("r#") != member.field.name
        serde: list[Code] = []
        if renamed:
            serde.append(assembled("rename = {}", rust.string(member.field.name)))
        if member.constant:
            serde.append(fixed("default"))
        elif member.optional:
            present = member.nullable or self.types.admits_null(member.type)
            if lenient:
                serde += [_SKIP, fixed("default"), _LENIENT]
            elif present:
                serde += [fixed("default"), _SKIP, _PRESENT]
            else:
                serde.append(_SKIP)
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
        type_ = self._stored(member, imports, home, lenient=lenient)
        line = layout.field(4, head, type_)
        return FieldPage(field_docs(member.field), attributes, line)

    def _stored(
        self, member: Member, imports: Imports, home: Code, *, lenient: bool = False
    ) -> Code:
        """Write the whole type of a field."""
        type_ = self.types.write(member.type, imports, home)
        if member.boxed:
            type_ = assembled("Box<{}>", type_)
        if member.nullable:
            type_ = assembled("Option<{}>", type_)
        if member.optional and not (member.nullable and lenient):
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
_SKIP: Final = fixed('skip_serializing_if = "Option::is_none"')
_PRESENT: Final = fixed('deserialize_with = "crate::runtime::tagged::present"')
_LENIENT: Final = fixed('deserialize_with = "crate::runtime::tagged::lenient"')
_DERIVE_PLAIN: Final = fixed("#[derive(Clone, Debug, PartialEq)]")
_DERIVE_PLAIN_DEFAULT: Final = fixed("#[derive(Clone, Debug, Default, PartialEq)]")


def _has_default(members: Sequence[Member]) -> bool:
    return all(member.constant or member.optional for member in members)


def _is_settable(member: Member) -> bool:
    return member.optional and not member.field.read_only


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
