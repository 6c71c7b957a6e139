"""Schemas become types that no longer know which dialect they were written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headgate.ir.types import (
    Alias,
    Constant,
    Default,
    Enum,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    Tag,
    TypeId,
    Union,
    Variant,
)

if TYPE_CHECKING:
    from headgate.ir.types import TypeExpr

    from .conftest import ReadApi

TEXT = Scalar("string")


def struct(definition: object) -> Struct:
    """Take a definition for the struct it must be."""
    assert isinstance(definition, Struct)
    return definition


def field_types(definition: object) -> dict[str, TypeExpr]:
    """Give the types of a struct's fields by name."""
    return {field.name: field.type for field in struct(definition).fields}


@pytest.mark.parametrize(
    ("openapi", "schema"),
    [
        ("3.0.3", "{type: string, nullable: true}"),
        ("3.1.0", "{type: [string, 'null']}"),
        ("3.1.0", "{anyOf: [{type: string}, {type: 'null'}]}"),
        ("3.1.0", "{oneOf: [{type: 'null'}, {type: string}]}"),
        ("3.1.0", "{type: string, nullable: true}"),
    ],
)
def test_every_dialect_of_null_is_one(
    read_api: ReadApi, openapi: str, schema: str
) -> None:
    """However a document says that a value may be null, the type is the same."""
    api = read_api(
        f"{{A: {{type: object, properties: {{x: {schema}}}}}}}", openapi=openapi
    )

    assert field_types(api.definitions[TypeId("A")]) == {"x": Nullable(TEXT)}


def test_optional_is_not_nullable(read_api: ReadApi) -> None:
    """A property may be absent, null, both or neither."""
    api = read_api(
        "{A: {type: object, required: [b, d], properties: {"
        "a: {type: string}, b: {type: string},"
        "c: {type: [string, 'null']}, d: {type: [string, 'null']}}}}"
    )

    fields = struct(api.definitions[TypeId("A")]).fields
    assert [(f.name, f.required, f.type) for f in fields] == [
        ("a", False, TEXT),
        ("b", True, TEXT),
        ("c", False, Nullable(TEXT)),
        ("d", True, Nullable(TEXT)),
    ]


def test_a_default_of_null_is_a_default(read_api: ReadApi) -> None:
    """No default and a default of null differ."""
    api = read_api(
        "{A: {type: object, properties: {"
        "x: {type: [string, 'null'], default: null}, y: {type: string}}}}"
    )

    fields = struct(api.definitions[TypeId("A")]).fields
    assert [field.default for field in fields] == [Default(None), None]


def test_an_unnamed_object_is_named_after_its_way(read_api: ReadApi) -> None:
    """A property's object gets an id and words that lead to it."""
    api = read_api(
        "{A: {type: object, properties: {inner: {type: object, properties:"
        " {x: {type: string}}}}}}"
    )

    assert field_types(api.definitions[TypeId("A")]) == {
        "inner": Ref(TypeId("A.inner"))
    }
    assert api.definitions[TypeId("A.inner")].words == ("A", "inner")


def test_objects_without_properties_are_maps(read_api: ReadApi) -> None:
    """`additionalProperties` alone is a map, nothing at all a map of anything."""
    api = read_api(
        "{A: {type: object, properties: {"
        "m: {type: object, additionalProperties: {type: integer}},"
        "free: {type: object}, any: {}}}}"
    )

    assert field_types(api.definitions[TypeId("A")]) == {
        "m": MapOf(Scalar("integer")),
        "free": MapOf(Json()),
        "any": Json(),
    }


def test_closed_and_open_objects(read_api: ReadApi) -> None:
    """`additionalProperties: false` closes an object, all else leaves it open."""
    api = read_api(
        "{C: {type: object, additionalProperties: false, properties: {x: {}}},"
        " O: {type: object, properties: {x: {}}},"
        " T: {type: object, properties: {x: {}}, additionalProperties: {type: string}}}"
    )

    extras = [struct(d).extra for d in api.definitions.values()]
    assert extras == [None, Json(), TEXT]


def test_all_of_becomes_one_struct(read_api: ReadApi) -> None:
    """Branches, inherited ones too, are merged; required adds up."""
    api = read_api(
        "{Base: {type: object, required: [id], properties: {id: {type: string}}},"
        " A: {allOf: [{$ref: '#/components/schemas/Base'},"
        "  {type: object, required: [n], properties: {n: {type: integer}}}]}}"
    )

    fields = struct(api.definitions[TypeId("A")]).fields
    assert [(f.name, f.required) for f in fields] == [("id", True), ("n", True)]


def test_all_of_one_reference_is_that_reference(read_api: ReadApi) -> None:
    """Wrapping a reference to add a description does not make a new type."""
    api = read_api(
        "{B: {type: object, properties: {x: {}}},"
        " A: {type: object, properties: {b: {description: hi,"
        "  allOf: [{$ref: '#/components/schemas/B'}]}}}}"
    )

    assert field_types(api.definitions[TypeId("A")]) == {"b": Ref(TypeId("B"))}


def test_a_recursive_schema_is_data(read_api: ReadApi) -> None:
    """A tree refers to itself by id."""
    api = read_api(
        "{Tree: {type: object, properties: {children:"
        " {type: array, items: {$ref: '#/components/schemas/Tree'}}}}}"
    )

    assert field_types(api.definitions[TypeId("Tree")]) == {
        "children": ListOf(Ref(TypeId("Tree")))
    }


def test_enums_are_closed_unless_marked(read_api: ReadApi) -> None:
    """`x-open-enum` and the union with a plain string open an enum."""
    api = read_api(
        "{C: {type: string, enum: [a, b]},"
        " O: {type: string, enum: [a], x-open-enum: true},"
        " U: {anyOf: [{type: string}, {type: string, enum: [a, b]}]}}"
    )

    enums = [d for d in api.definitions.values() if isinstance(d, Enum)]
    assert [(e.id, e.open) for e in enums] == [("C", False), ("O", True), ("U", True)]


def test_an_open_enum_of_one_value_is_no_constant(read_api: ReadApi) -> None:
    """A property that today has one value may have others tomorrow."""
    api = read_api(
        "{A: {type: object, properties: {a: {anyOf:"
        " [{type: string}, {type: string, enum: [x]}]}}}}"
    )

    [enum] = [d for d in api.definitions.values() if isinstance(d, Enum)]
    assert (enum.open, [each.value for each in enum.values]) == (True, ["x"])


def test_a_constant_is_its_value(read_api: ReadApi) -> None:
    """`const` and an unnamed `enum` of one mean the same."""
    api = read_api(
        "{A: {type: object, properties: {a: {const: x}, b: {type: string, enum: [x]}}}}"
    )

    assert field_types(api.definitions[TypeId("A")]) == {
        "a": Constant("x"),
        "b": Constant("x"),
    }


CAT_AND_DOG = (
    "Cat: {type: object, required: [kind], properties: {kind: {const: cat}}},"
    "Dog: {type: object, required: [kind], properties: {kind: {const: dog}}}"
)
CAT = Variant(Ref(TypeId("Cat")), "cat")
DOG = Variant(Ref(TypeId("Dog")), "dog")


def test_a_declared_discriminator_is_believed(read_api: ReadApi) -> None:
    """The mapping gives the tags."""
    api = read_api(
        "{" + CAT_AND_DOG + ", Pet: {oneOf: [{$ref: '#/components/schemas/Cat'},"
        "{$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind,"
        "mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}}}"
    )

    pet = api.definitions[TypeId("Pet")]
    assert isinstance(pet, Union)
    assert (pet.tag, pet.variants) == (Tag("kind", declared=True), (CAT, DOG))


def test_a_discriminator_is_found(read_api: ReadApi) -> None:
    """One constant that tells all branches apart does without a declaration."""
    api = read_api(
        "{" + CAT_AND_DOG + ", Pet: {anyOf: [{$ref: '#/components/schemas/Cat'},"
        "{$ref: '#/components/schemas/Dog'}]}}"
    )

    pet = api.definitions[TypeId("Pet")]
    assert isinstance(pet, Union)
    assert (pet.tag, pet.variants) == (Tag("kind", declared=False), (CAT, DOG))


def test_what_has_no_tag_is_the_variant_that_may_lack_it(read_api: ReadApi) -> None:
    """The only one that does not require the property; of two, neither."""
    cat, *lax = (f"{{$ref: '#/components/schemas/{name}'}}" for name in "ABC")
    api = read_api(f"""
    A: {{type: object, required: [kind], properties: {{kind: {{const: a}}}}}}
    B: {{type: object, properties: {{kind: {{enum: [b, d]}}}}}}
    C: {{type: object, properties: {{kind: {{const: c}}}}}}
    One: {{oneOf: [{cat}, {lax[0]}]}}
    Two: {{oneOf: [{cat}, {", ".join(lax)}]}}
    """)
    one, two = (api.definitions[TypeId(name)] for name in ("One", "Two"))

    assert isinstance(one, Union)
    assert isinstance(two, Union)
    assert one.tag == Tag("kind", declared=False, absent="b")
    assert two.tag == Tag("kind", declared=False)


def test_a_union_of_strings_and_lists_has_no_tag(read_api: ReadApi) -> None:
    """What no property tells apart is decided by shape."""
    api = read_api(
        "{U: {oneOf: [{type: string}, {type: array, items: {type: string}}]}}"
    )

    union = api.definitions[TypeId("U")]
    assert isinstance(union, Union)
    assert (union.tag, union.variants) == (None, (Variant(TEXT), Variant(ListOf(TEXT))))


def test_a_type_whose_name_is_text_is_no_arm_for_the_unknown(read_api: ReadApi) -> None:
    """A variant that requires more than the tag stays, beside others with constants."""
    own, shell, other = (
        f"{{$ref: '#/components/schemas/{name}'}}" for name in ("Own", "Shell", "Other")
    )
    text = "{type: string}"
    api = read_api(f"""
    Tool: {{oneOf: [{own}, {shell}]}}
    Event: {{oneOf: [{shell}, {other}]}}
    Own: {{type: object, required: [name, a], properties: {{name: {text}, a: {text}}}}}
    Shell: {{type: object, required: [name], properties: {{name: {{const: shell}}}}}}
    Other: {{type: object, required: [name], properties: {{name: {text}}}}}
    """)
    tool, event = (api.definitions[TypeId(name)] for name in ("Tool", "Event"))

    assert isinstance(tool, Union)
    assert isinstance(event, Union)
    assert [each.type for each in tool.variants] == [
        Ref(TypeId("Own")),
        Ref(TypeId("Shell")),
    ]
    assert [each.tag for each in event.variants] == ["shell"]


def test_a_union_that_contains_itself_ends(read_api: ReadApi) -> None:
    """A recursive union without an object in it is read all the same."""
    api = read_api(
        "{U: {oneOf: [{type: string}, {type: array,"
        " items: {$ref: '#/components/schemas/U'}}]}, V: {anyOf:"
        " [{$ref: '#/components/schemas/U'}, {$ref: '#/components/schemas/V'}]}}"
    )

    assert [type(d) for d in api.definitions.values()] == [Union, Union]


def test_a_named_list_is_an_alias(read_api: ReadApi) -> None:
    """A named schema that needs no type of its own keeps its name."""
    api = read_api("{Names: {type: array, items: {type: string}}}")

    names = api.definitions[TypeId("Names")]
    assert isinstance(names, Alias)
    assert names.type == ListOf(TEXT)


@pytest.mark.parametrize(
    ("rest", "held"),
    [
        ("", {TEXT}),
        (", additionalProperties: false", {TEXT}),
        (", additionalProperties: {type: boolean}", {TEXT, Scalar("boolean")}),
    ],
)
def test_patterns_of_names_say_what_a_map_holds(
    read_api: ReadApi, rest: str, held: set[TypeExpr]
) -> None:
    """Names that match no pattern are what `additionalProperties` says."""
    patterns = "{'^x': {type: string}}"
    api = read_api(f"{{A: {{type: object, patternProperties: {patterns}{rest}}}}}")
    alias = api.definitions[TypeId("A")]
    assert isinstance(alias, Alias)
    assert isinstance(alias.type, MapOf)
    value = alias.type.value
    if isinstance(value, Ref):
        union = api.definitions[value.id]
        assert isinstance(union, Union)
        assert {variant.type for variant in union.variants} == held
    else:
        assert {value} == held


def test_a_dynamic_reference_is_the_schema_that_it_leads_to(
    read_api: ReadApi,
) -> None:
    """One `$dynamicAnchor` of that name leaves no question."""
    api = read_api(
        "{Tree: {$dynamicAnchor: node, type: object, properties:"
        " {children: {type: array, items: {$dynamicRef: '#node'}}}}}"
    )

    assert field_types(api.definitions[TypeId("Tree")]) == {
        "children": ListOf(Ref(TypeId("Tree")))
    }


def test_a_base_that_may_be_null_is_a_base(read_api: ReadApi) -> None:
    """Beside a branch that may not, null is gone, however it is written."""
    schemas = """
    Old: {type: object, nullable: true, properties: {id: {type: string}}}
    New:
      anyOf:
        - {type: object, properties: {id: {type: string}}}
        - {type: "null"}
    OldHeir: {allOf: [{$ref: "#/components/schemas/Old"}, {type: object}]}
    NewHeir: {allOf: [{$ref: "#/components/schemas/New"}, {type: object}]}
    Named:
      type: object
      properties:
        name: {allOf: [{type: [string, "null"]}, {description: A name.}]}
        note: {allOf: [{type: [string, "null"]}, {type: string}]}
    """
    definitions = read_api(schemas).definitions

    for heir in ("OldHeir", "NewHeir"):
        found = definitions[TypeId(heir)]
        assert isinstance(found, Struct)
        assert [field.name for field in found.fields] == ["id"]
    named = definitions[TypeId("Named")]
    assert isinstance(named, Struct)
    assert [field.type for field in named.fields] == [
        Nullable(Scalar("string")),
        Scalar("string"),
    ]
