"""What a document says wrongly costs that part, and not the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.types import Ref, Scalar, Tag, TypeId, Union, Variant

if TYPE_CHECKING:
    from .conftest import ReadApi


def test_a_tag_that_leads_nowhere_is_no_variant(read_api: ReadApi) -> None:
    """The others stay, and stay told apart: a value of that tag is an unknown one."""
    api = read_api(
        """
        Cat: {type: object, required: [kind], properties: {kind: {type: string}}}
        Dog: {type: object, required: [kind], properties: {kind: {type: string}}}
        Pet:
          oneOf:
            - $ref: '#/components/schemas/Cat'
            - $ref: '#/components/schemas/Dog'
          discriminator:
            propertyName: kind
            mapping: {cat: Cat, dog: Dog, cow: '#/components/schemas/Cow', hen: Hen}
        """
    )

    pet = api.definitions[TypeId("Pet")]
    assert isinstance(pet, Union)
    assert pet.tag == Tag("kind", declared=True)
    assert pet.variants == (
        Variant(Ref(TypeId("Cat")), "cat"),
        Variant(Ref(TypeId("Dog")), "dog"),
    )


def test_each_variable_of_a_path_is_filled_in(read_api: ReadApi) -> None:
    """By the parameter whose place is a slip, or by text where there is none."""
    api = read_api(
        paths="""
        /pets/{id}/toys/{toy}:
          get:
            operationId: toys.get
            parameters:
              - {name: id, in: query, explode: false, schema: {type: integer}}
              - {name: size, in: query, schema: {type: string}}
        """
    )

    (operation,) = api.operations
    found = [(it.name, it.place, it.type, it.required) for it in operation.parameters]
    assert found == [
        ("id", "path", Scalar("integer"), True),
        ("size", "query", Scalar("string"), False),
        ("toy", "path", Scalar("string"), True),
    ]


def test_what_nobody_can_send_is_no_alternative(read_api: ReadApi) -> None:
    """A credential that is declared nowhere, or goes nowhere; the others stay."""
    api = read_api(
        paths="{/pets: {get: {security: [{Gone: []}, {Key: [], Odd: []}, {Key: []}]}}}",
        extra="""
        components:
          securitySchemes:
            Key: {type: apiKey, name: x-key, in: header}
            Odd: {type: basic}
        """,
    )

    (operation,) = api.operations
    assert [scheme.name for scheme in api.schemes] == ["Key"]
    assert operation.security == (("Key",),)


def test_a_union_of_itself_is_one_of_the_others(read_api: ReadApi) -> None:
    """However many schemas the way back leads over; none is anything at all."""
    api = read_api(
        """
        Lone: {oneOf: [{$ref: '#/components/schemas/Lone'}, {type: string}]}
        Here: {oneOf: [{$ref: '#/components/schemas/There'}, {type: integer}]}
        There: {anyOf: [{$ref: '#/components/schemas/Again'}, {type: boolean}]}
        Again: {$ref: '#/components/schemas/Here'}
        Empty: {oneOf: [{$ref: '#/components/schemas/Hollow'}, {type: 'null'}]}
        Hollow: {oneOf: [{$ref: '#/components/schemas/Empty'}, {type: 'null'}]}
        """
    )

    found = {
        name: {variant.type for variant in definition.variants}
        for name, definition in api.definitions.items()
        if isinstance(definition, Union)
    }
    assert found == {
        "Lone": {Scalar("string")},
        "Here": {Scalar("integer"), Scalar("boolean")},
        "There": {Scalar("integer"), Scalar("boolean")},
    }
