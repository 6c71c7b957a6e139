"""From schemas to types: one function a kind of schema.

Every named schema becomes a definition of its own name. An unnamed one that
needs a name (an object with properties, an enum, a union) becomes a definition
named after the way that leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from headgate.document.json_values import component, escape, fragment_tokens
from headgate.ir.build.enums import (
    constant,
    distinct,
    enum_groups,
    enum_kind,
    open_enum,
    simple_enum,
)
from headgate.ir.build.inlining import Inlining
from headgate.ir.build.merge import admits_null, descends, merged_all_of
from headgate.ir.build.nulls import without_null
from headgate.ir.build.reader import (
    COMPONENT,
    Node,
    Reader,
    as_list,
    as_object,
    docs_of,
    is_object,
    text_at,
)
from headgate.ir.build.shapes import (
    STRUCTURAL,
    component_of,
    heirs,
    is_closed,
    is_only_constraint,
    is_whole_tuple,
    tuple_places,
    tuple_rest,
)
from headgate.ir.build.tags import tag_told
from headgate.ir.types import (
    Alias,
    Default,
    Definition,
    Direction,
    Enum,
    EnumValue,
    Field,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    Tag,
    TupleOf,
    TypeExpr,
    TypeId,
    Union,
    Variant,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.document.json_values import Json as JsonValue
    from headgate.ir.build.reader import Object
    from headgate.ir.build.uploads import Uploads
    from headgate.ir.types import ScalarKind

_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_OBJECT = frozenset({"properties", "additionalProperties", "patternProperties"})
_UNREAD = frozenset({"if", "not", "dependentSchemas"})
_SHARED = frozenset({"type", "properties", "required", "additionalProperties"})


@dataclass(slots=True)
class SchemaReader:
    """Reads schemas into type expressions and collects the definitions they need."""

    reader: Reader
    uploads: Uploads
    definitions: dict[TypeId, Definition] = field(
        default_factory=dict[TypeId, Definition]
    )
    mappings: dict[TypeId, dict[str, object]] = field(
        default_factory=dict[TypeId, dict[str, object]]
    )
    """The `discriminator` object of each union that declares one."""
    _begun: dict[TypeId, str] = field(default_factory=dict[TypeId, str])

    _heirs: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _inlining: Inlining = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing written out."""
        self._inlining = Inlining(self.reader)

    def read_components(self) -> None:
        """Read every named schema, in the document's order."""
        components = self.reader.root.value.get("components")
        schemas = as_object(as_object(components).get("schemas"))
        self._heirs = heirs(schemas)
        for name in schemas:
            self._component(name)

    def expression(self, node: Node, words: tuple[str, ...]) -> TypeExpr:
        """Read a schema; `words` lead to it and name what has no name of its own."""
        nullable, stripped = without_null(node)
        inner = self._not_null(stripped, words)
        return Nullable(inner) if nullable and _can_be_nullable(inner) else inner

    def expression_at(self, parent: Node, key: str, words: tuple[str, ...]) -> TypeExpr:
        """Read the schema at a key; an absent or boolean one admits any value."""
        value = parent.value.get(key)
        if not is_object(value):
            return Json()
        return self.expression(Node(value, parent.child(key)), words)

    def union_of(
        self, node: Node, variants: tuple[Variant, ...], words: tuple[str, ...]
    ) -> TypeExpr:
        """Define a union of types that the document has but never united."""
        return self._union(node, variants, None, words, None)

    def struct_of(
        self, node: Node, fields: tuple[Field, ...], words: tuple[str, ...]
    ) -> TypeExpr:
        """Define an open struct of fields that the document has in no schema."""
        return self._struct(node, fields, Json(), words, None)

    def _component(self, name: str) -> None:
        pointer = COMPONENT + escape(name)
        type_id = TypeId(name)
        if type_id in self._begun:
            return
        node = self.reader.at(component("schemas", name)) or Node({}, pointer)
        self._begin(type_id, pointer)
        is_part = name in self.uploads.components
        with self._inlining.named(pointer), self.uploads.within(is_part=is_part):
            expression = self._named(node, type_id)
        if expression != Ref(type_id):
            self._finish(self._alias(node, type_id, expression))

    def _named(self, node: Node, type_id: TypeId) -> TypeExpr:
        nullable, stripped = without_null(node)
        if not nullable:
            return self._not_null(stripped, (type_id,), type_id)
        inner = self._not_null(stripped, (type_id, "value"))
        return Nullable(inner) if _can_be_nullable(inner) else inner

    def _alias(self, node: Node, type_id: TypeId, expression: TypeExpr) -> Alias:
        return Alias(
            id=type_id,
            words=(type_id,),
            type=expression,
            docs=docs_of(node.value),
            direction=Direction(),
            location=self.reader.locate(node.pointer),
        )

    def _not_null(
        self, node: Node, words: tuple[str, ...], own: TypeId | None = None
    ) -> TypeExpr:
        value = node.value
        for key in _UNREAD & value.keys():
            self._simplified(f"'{key}' is not part of the type", node.child(key))
        if "$ref" in value and not STRUCTURAL & value.keys():
            return self._reference(node)
        if "const" in value:
            return constant(value["const"])
        if as_list(value.get("enum")):
            return self._enum(node, words, own)
        if value.get("allOf") or "$ref" in value:
            return self._all_of(node, words, own)
        for key in ("oneOf", "anyOf"):
            members = node.items(key)
            if members and not all(map(is_only_constraint, members)):
                return self._one_of(node, key, words, own)
        children = self._children(node, own)
        if own is not None and children:
            return self._union(node, children, _declared_tag(node), words, own)
        return self._by_type(node, words, own)

    def _children(self, node: Node, own: TypeId | None) -> tuple[Variant, ...]:
        """Give the schemas that an object with a discriminator stands for.

        They are those of its mapping, or else those that have it in their `allOf`.
        """
        discriminator = as_object(node.value.get("discriminator"))
        if "propertyName" not in discriminator or own is None:
            return ()
        mapping = as_object(discriminator.get("mapping"))
        names = [component_of(str(target)) for target in mapping.values()]
        names = names or self._heirs.get(own, [])
        others = [
            name
            for name in dict.fromkeys(names)
            if name != own and not self._is_alias(name)
        ]
        for name in others:
            self._component(name)
        return tuple(Variant(Ref(TypeId(name))) for name in others)

    def _is_alias(self, name: str) -> bool:
        """Whether a schema is absent, or another schema by another name."""
        node = self.reader.at(component("schemas", name))
        if node is None or "$ref" in node.value:
            return True
        return isinstance(merged_all_of(self.reader, node), str)

    def _reference(self, node: Node) -> TypeExpr:
        target = str(node.value["$ref"])
        keys = fragment_tokens(target)
        if target.startswith(COMPONENT) and len(keys) == 3:
            self._component(keys[2])
            return Ref(TypeId(keys[2]))
        found = self.reader.at(target)
        if found is None:
            return Json()
        begun = self._begun.items()
        known = next((i for i, at in begun if at == found.pointer), None)
        if known is not None:
            return Ref(known)
        return self.expression(found, _words_of(keys))

    def _by_type(
        self, node: Node, words: tuple[str, ...], own: TypeId | None
    ) -> TypeExpr:
        kind = _kind_of(node.value)
        match kind:
            case "object":
                return self._object(node, words, own)
            case "array":
                return self._array(node, words)
            case "string" | "integer" | "number" | "boolean":
                file = self.uploads.file(node.value) if kind == "string" else None
                return file or _scalar(cast("ScalarKind", kind), node.value)
            case list():
                return self._several_types(node, cast("list[str]", kind), words, own)
            case _:
                return Json()

    def _several_types(
        self,
        node: Node,
        kinds: list[str],
        words: tuple[str, ...],
        own: TypeId | None,
    ) -> TypeExpr:
        variants = tuple(
            Variant(
                self._by_type(
                    Node({**node.value, "type": kind}, node.pointer),
                    (*words, kind),
                    None,
                )
            )
            for kind in kinds
        )
        return self._union(node, variants, None, words, own)

    def _array(self, node: Node, words: tuple[str, ...]) -> TypeExpr:
        places = tuple_places(node)
        if not places:
            return ListOf(self.expression_at(node, "items", (*words, "item")))
        items = tuple(
            self.expression(place, (*words, f"item{number}"))
            for number, place in enumerate(places, start=1)
        )
        rest = tuple_rest(node)
        further = None if rest is None else self.expression(rest, (*words, "item"))
        if is_whole_tuple(node, len(items)):
            return TupleOf(items, further)
        kinds = (*items, *(() if further is None else (further,)))
        return ListOf(self._any_of(node, distinct(kinds), words))

    def _any_of(
        self, node: Node, kinds: tuple[TypeExpr, ...], words: tuple[str, ...]
    ) -> TypeExpr:
        """Unite types that the document has side by side but never united."""
        if Json() in kinds:
            return Json()
        if len(kinds) == 1:
            return kinds[0]
        return self.union_of(node, tuple(map(Variant, kinds)), (*words, "item"))

    def _object(
        self, node: Node, words: tuple[str, ...], own: TypeId | None
    ) -> TypeExpr:
        value = node.value
        closed = is_closed(value)
        if not as_object(value.get("properties")) and not closed:
            return MapOf(self._extra(node, words))
        own = self._begin_new(own, words, node.pointer)
        required = frozenset(
            name for name in as_list(value.get("required")) if isinstance(name, str)
        )
        fields = tuple(
            self._field(name, child, required, words)
            for name, child in node.schemas("properties")
        )
        extra = None if closed else self._extra(node, words)
        return self._struct(node, fields, extra, words, own)

    def _struct(
        self,
        node: Node,
        fields: tuple[Field, ...],
        extra: TypeExpr | None,
        words: tuple[str, ...],
        own: TypeId | None,
    ) -> TypeExpr:
        type_id = self._begin_new(own, words, node.pointer)
        self._finish(
            Struct(
                id=type_id,
                words=words,
                fields=fields,
                extra=extra,
                docs=docs_of(node.value),
                direction=Direction(),
                location=self.reader.locate(node.pointer),
            )
        )
        return Ref(type_id)

    def _extra(self, node: Node, words: tuple[str, ...]) -> TypeExpr:
        """Read what further properties are; patterns of names are not told apart."""
        patterns = node.objects("patternProperties")
        inner = (*words, "value")
        kinds = [self.expression(schema, inner) for _, schema in patterns]
        open_ = node.value.get("additionalProperties", not patterns) is not False
        if open_:
            kinds.append(self.expression_at(node, "additionalProperties", inner))
        return self._any_of(node, distinct(kinds), words)

    def _field(
        self,
        name: str,
        node: Node,
        required: frozenset[str],
        words: tuple[str, ...],
    ) -> Field:
        value = node.value
        return Field(
            name=name,
            type=self.expression(node, (*words, name)),
            required=name in required,
            docs=docs_of(value),
            location=self.reader.locate(node.pointer),
            default=Default(value["default"]) if "default" in value else None,
            read_only=self._says(node, "readOnly"),
            write_only=self._says(node, "writeOnly"),
        )

    def _says(self, node: Node, flag: str) -> bool:
        """Whether a property is flagged, where it stands or in what it refers to."""
        waiting, seen = [node], set[str]()
        while waiting:
            each = waiting.pop()
            if each.value.get(flag) is True:
                return True
            if each.pointer not in seen:
                seen.add(each.pointer)
                waiting += each.items("allOf")
                if "$ref" in each.value:
                    waiting.append(self.reader.resolve(each))
        return False

    def _enum(self, node: Node, words: tuple[str, ...], own: TypeId | None) -> TypeExpr:
        values = [value for value in node.value["enum"] if value is not None]
        kind = enum_kind(values)
        if not values:
            return Scalar("null")
        is_open = node.value.get("x-open-enum") is True
        is_single = len(values) == 1 and (kind or values[0] is True)
        if own is None and is_single and not is_open:
            return constant(values[0])
        if kind is None:
            return simple_enum(values) or self._mixed_enum(node, values, words, own)
        type_id = self._begin_new(own, words, node.pointer)
        unique = tuple(dict.fromkeys(values))
        self._finish(
            Enum(
                id=type_id,
                words=words,
                kind="string" if kind == "string" else "integer",
                values=tuple(EnumValue(cast("str | int", value)) for value in unique),
                open=is_open,
                docs=docs_of(node.value),
                direction=Direction(),
                location=self.reader.locate(node.pointer),
            )
        )
        return Ref(type_id)

    def _mixed_enum(
        self,
        node: Node,
        values: list[JsonValue],
        words: tuple[str, ...],
        own: TypeId | None,
    ) -> TypeExpr:
        kinds = [
            self._enum(
                Node({"enum": group}, node.pointer), (*words, _word_of(group)), None
            )
            for group in enum_groups(values)
        ]
        # Not made distinct: to Python the constants 1 and true are equal.
        return self._union(node, tuple(map(Variant, kinds)), None, words, own)

    def _all_of(
        self, node: Node, words: tuple[str, ...], own: TypeId | None
    ) -> TypeExpr:
        merged = merged_all_of(self.reader, node)
        if isinstance(merged, str):
            return self.expression(Node({"$ref": merged}, node.pointer), words)
        again = self._led_back(node, node) if own is None else None
        if again is not None:
            return self.expression(again, words)
        with self._inlining.merging(node, node):
            inner = self._not_null(without_null(merged)[1], words, own)
        is_nullable = own is None and admits_null(self.reader, node)
        return Nullable(inner) if is_nullable and _can_be_nullable(inner) else inner

    def _one_of(
        self, node: Node, key: str, words: tuple[str, ...], own: TypeId | None
    ) -> TypeExpr:
        members = self._whole_members(node, key, own)
        growing = open_enum(self.reader, members)
        if growing is not None:
            merged = {**growing.value, "x-open-enum": True}
            return self._enum(Node(merged, growing.pointer), words, own)
        if len(members) == 1:
            with self._inlining.merging(_merged(node, key, members[0], 0), node):
                return self._not_null(members[0], words, own)
        types: list[TypeExpr] = []
        for index, member in enumerate(members):
            with self._inlining.merging(_merged(node, key, member, index), node):
                word = _member_word(member, index)
                types.append(self.expression(member, (*words, word)))
        variants = tuple(map(Variant, distinct(types)))
        if not variants:
            # No branch is a schema: what is wrong with each has been reported.
            return Json()
        if len(variants) == 1:
            return variants[0].type
        return self._union(node, variants, _declared_tag(node), words, own)

    def _whole_members(self, node: Node, key: str, own: TypeId | None) -> list[Node]:
        """Give the branches, each with what stands beside the union put into it."""
        shared = {k: v for k, v in node.value.items() if k in _SHARED}
        other = "anyOf" if key == "oneOf" else "oneOf"
        if node.items(other) and not all(map(is_only_constraint, node.items(other))):
            message = f"'{other}' beside '{key}' is not part of the type"
            self._simplified(message, node.child(other))
        members = node.items(key)
        if not as_object(shared.get("properties")):
            return members
        whole = node if own is None else Node(node.value, COMPONENT + escape(own))
        return [self._with_shared(member, shared, whole) for member in members]

    def _with_shared(self, member: Node, shared: Object, whole: Node) -> Node:
        if descends(self.reader, member, whole):
            return member
        again = self._led_back(member, whole)
        if again is not None:
            return again
        both: Object = {"allOf": [shared, member.value]}
        merged = merged_all_of(self.reader, Node(both, member.pointer))
        if isinstance(merged, str):
            return member
        target = text_at(member.value, "$ref")
        if target is None:
            return merged
        discriminator = as_object(whole.value.get("discriminator"))
        told = tag_told(discriminator, target, merged.value)
        if told:
            named = Node({"allOf": [merged.value, told]}, member.pointer)
            merged = merged_all_of(self.reader, named)
            assert isinstance(merged, Node)
        title = {"title": target.rpartition("/")[2], **merged.value}
        return Node(title, member.pointer)

    def _led_back(self, node: Node, place: Node) -> Node | None:
        """Give the bare reference for what would be written out in itself."""
        target = self._inlining.leads_back(node, place)
        if target is None:
            return None
        message = f"what stands beside '{target}' inside of it is not part of the type"
        self._simplified(message, node.pointer)
        return Node({"$ref": target}, node.pointer)

    def _simplified(self, message: str, pointer: str) -> None:
        self.reader.report("schema-simplified", message, pointer, "warning")

    def _union(
        self,
        node: Node,
        variants: tuple[Variant, ...],
        tag: Tag | None,
        words: tuple[str, ...],
        own: TypeId | None,
    ) -> TypeExpr:
        type_id = self._begin_new(own, words, node.pointer)
        self.mappings[type_id] = as_object(node.value.get("discriminator"))
        self._finish(
            Union(
                id=type_id,
                words=words,
                variants=variants,
                tag=tag,
                open=node.value.get("x-open-union") is True,
                docs=docs_of(node.value),
                direction=Direction(),
                location=self.reader.locate(node.pointer),
            )
        )
        return Ref(type_id)

    def _begin_new(
        self, own: TypeId | None, words: tuple[str, ...], pointer: str
    ) -> TypeId:
        if own is not None:
            return own
        base = ".".join(words)
        type_id, number = TypeId(base), 1
        while type_id in self._begun:
            number += 1
            type_id = TypeId(f"{base}.{number}")
        self._begin(type_id, pointer)
        return type_id

    def _begin(self, type_id: TypeId, pointer: str) -> None:
        self._begun[type_id] = pointer

    def _finish(self, definition: Definition) -> None:
        self.definitions[definition.id] = definition


def _word_of(values: list[JsonValue]) -> str:
    match values[0]:
        case bool():
            return "flag"
        case str():
            return "text"
        case _:
            return "number"


def _words_of(keys: Iterable[str]) -> tuple[str, ...]:
    noise = {"components", "schemas", "properties", "paths", "content", "schema"}
    return tuple(key for key in keys if key not in noise) or ("value",)


def _member_word(member: Node, index: int) -> str:
    title = member.value.get("title")
    return title if isinstance(title, str) and title else f"variant{index + 1}"


def _merged(node: Node, key: str, member: Node, index: int) -> Node:
    """Give the branch that a member was merged from; nothing for one as it stands."""
    branch = node.items(key)[index]
    return Node({}, branch.pointer) if member.value is branch.value else branch


def _can_be_nullable(inner: TypeExpr) -> bool:
    return not isinstance(inner, Json | Nullable) and inner != Scalar("null")


def _kind_of(value: dict[str, object]) -> object:
    kind = value.get("type")
    if kind is not None and kind != []:
        return kind
    if _OBJECT & value.keys():
        return "object"
    if "items" in value or "prefixItems" in value:
        return "array"
    return None


def _scalar(kind: ScalarKind, value: dict[str, object]) -> Scalar:
    form = value.get("format")
    if kind == "string" and form is None and "contentEncoding" in value:
        form = "byte"
    return Scalar(kind, form if isinstance(form, str) else None)


def _declared_tag(node: Node) -> Tag | None:
    name = as_object(node.value.get("discriminator")).get("propertyName")
    return Tag(name, declared=True) if isinstance(name, str) else None
