"""The shape of an OpenAPI document (3.0, 3.1 and 3.2 together), as data.

One table says for every object which fields it has, what is in them, which of them
must be there and how bad it is when they are wrong. The bundler walks a document by
it: so it knows what is a schema, what is a reference and what is the author's data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from headgate.errors import Severity

ANNOTATIONS: Final = frozenset(
    """$comment default deprecated description example examples externalDocs readOnly
    title writeOnly xml""".split()
)
"""What a schema says about a value beside which values it allows."""


@dataclass(frozen=True, slots=True)
class Data:
    """Anything: an example, a default, an extension. Never searched for references."""


@dataclass(frozen=True, slots=True)
class Linked:
    """An extension of ours: data in which every `{$ref: ...}` names a schema."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of certain types; `says` names them for a message."""

    says: str
    types: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of thing, or (`or_one`) that thing alone."""

    item: Kind
    or_one: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys are the author's names."""

    item: Kind
    keys: Literal["any", "path", "status", "component"] = "any"


@dataclass(frozen=True, slots=True)
class Object:
    """An object with fields.

    `section` is the part of `components` where a reference to such an object leads;
    `inlined` objects have no name of their own and take the place of the reference.
    """

    says: str
    section: str | None = None
    inlined: bool = False
    closed: bool = True
    or_boolean: bool = False
    fields: dict[str, Field] = field(default_factory=dict[str, "Field"])


Kind: TypeAlias = Data | Linked | Scalar | ListOf | MapOf | Object


@dataclass(frozen=True, slots=True)
class Field:
    """A field: what is in it, how bad a wrong value is, how bad a missing one."""

    kind: Kind
    wrong: Severity
    missing: Severity | None = None


def needed(kind: Kind, missing: Severity | None = None) -> Field:
    """Make a field without which nothing can be made when it is wrong."""
    return Field(kind, "error", missing)


def spare(kind: Kind, missing: Severity | None = None) -> Field:
    """Make a field that is left out, with a warning, when it is wrong."""
    return Field(kind, "warning", missing)


DATA: Final = Data()
LINKED: Final = Linked()
STRING: Final = Scalar("a string", (str,))
BOOLEAN: Final = Scalar("a boolean", (bool,))
NUMBER: Final = Scalar("a number", (int, float))
BOUND: Final = Scalar("a number or a boolean", (int, float, bool))
STRINGS: Final = ListOf(STRING)

ROOT: Final = Object("the document")
INFO: Final = Object("`info`")
CONTACT: Final = Object("a contact")
LICENCE: Final = Object("a licence")
SERVER: Final = Object("a server")
SERVER_VARIABLE: Final = Object("a server variable")
TAG: Final = Object("a tag")
DOCS: Final = Object("a link to documentation")
COMPONENTS: Final = Object("`components`")
PATH_ITEM: Final = Object("a path", section="pathItems", inlined=True)
OPERATION: Final = Object("an operation")
PARAMETER: Final = Object("a parameter", section="parameters")
BODY: Final = Object("a request body", section="requestBodies")
MEDIA_TYPE: Final = Object("a media type", section="mediaTypes", inlined=True)
ENCODING: Final = Object("an encoding")
RESPONSE: Final = Object("a response", section="responses")
HEADER: Final = Object("a header", section="headers")
EXAMPLE: Final = Object("an example", section="examples")
LINK: Final = Object("a link", section="links")
CALLBACK: Final = MapOf(PATH_ITEM)
SECURITY_SCHEME: Final = Object("a security scheme", section="securitySchemes")
FLOWS: Final = Object("`flows`")
FLOW: Final = Object("an OAuth flow")
SCHEMA: Final = Object("a schema", section="schemas", closed=False, or_boolean=True)
DISCRIMINATOR: Final = Object("a discriminator")
XML: Final = Object("`xml`", closed=False)

SCHEMAS: Final = MapOf(SCHEMA)
SCHEMA_LIST: Final = ListOf(SCHEMA)
CONTENT: Final = MapOf(MEDIA_TYPE)
SERVERS: Final = ListOf(SERVER)
SECURITY: Final = ListOf(MapOf(STRINGS))
PARAMETERS: Final = ListOf(PARAMETER)
EXAMPLES: Final = MapOf(EXAMPLE)

METHODS: Final = (
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "query",
)

SECTIONS: Final[dict[str, Kind]] = {
    "schemas": SCHEMA,
    "responses": RESPONSE,
    "parameters": PARAMETER,
    "examples": EXAMPLE,
    "requestBodies": BODY,
    "headers": HEADER,
    "securitySchemes": SECURITY_SCHEME,
    "links": LINK,
    "callbacks": CALLBACK,
    "pathItems": PATH_ITEM,
    "mediaTypes": MEDIA_TYPE,
}
"""The sections of `components`, in the order in which a bundle writes them."""

SPARE_SECTIONS: Final = frozenset(
    {"examples", "headers", "securitySchemes", "links", "callbacks"}
)
"""The sections that operations can do without."""

_TEXTS: Final = {"summary": spare(STRING), "description": spare(STRING)}

ROOT.fields.update(
    {
        "openapi": needed(Scalar("a version", (str, float))),
        "$self": spare(STRING),
        "info": needed(INFO, "warning"),
        "jsonSchemaDialect": spare(STRING),
        "servers": spare(SERVERS),
        "paths": needed(MapOf(PATH_ITEM, keys="path")),
        "webhooks": needed(MapOf(PATH_ITEM)),
        "components": needed(COMPONENTS),
        "security": needed(SECURITY),
        "tags": spare(ListOf(TAG)),
        "externalDocs": spare(DOCS),
        "x-streams": needed(LINKED),
        "x-errors": needed(LINKED),
        "x-content": needed(LINKED),
        "x-clients": needed(LINKED),
        "x-scopes": needed(LINKED),
        "x-calls": needed(LINKED),
        "x-waits": needed(LINKED),
        "x-builders": needed(LINKED),
    }
)
INFO.fields.update(
    {
        "title": spare(STRING, "warning"),
        **_TEXTS,
        "termsOfService": spare(STRING),
        "contact": spare(CONTACT),
        "license": spare(LICENCE),
        "version": spare(STRING, "warning"),
    }
)
CONTACT.fields.update({key: spare(STRING) for key in ("name", "url", "email")})
LICENCE.fields.update(
    {
        "name": spare(STRING, "warning"),
        "identifier": spare(STRING),
        "url": spare(STRING),
    }
)
SERVER.fields.update(
    {
        "url": needed(STRING, "warning"),
        "description": spare(STRING),
        "name": spare(STRING),
        "variables": spare(MapOf(SERVER_VARIABLE)),
    }
)
SERVER_VARIABLE.fields.update(
    {
        "enum": spare(STRINGS),
        "default": spare(STRING, "warning"),
        "description": spare(STRING),
    }
)
TAG.fields.update(
    {
        "name": spare(STRING, "warning"),
        **_TEXTS,
        "externalDocs": spare(DOCS),
        "parent": spare(STRING),
        "kind": spare(STRING),
    }
)
DOCS.fields.update({"description": spare(STRING), "url": spare(STRING, "warning")})
COMPONENTS.fields.update(
    {
        name: (spare if name in SPARE_SECTIONS else needed)(
            MapOf(kind, keys="component")
        )
        for name, kind in SECTIONS.items()
    }
)
PATH_ITEM.fields.update(
    {
        **_TEXTS,
        **{method: needed(OPERATION) for method in METHODS},
        "additionalOperations": needed(MapOf(OPERATION)),
        "servers": spare(SERVERS),
        "parameters": needed(PARAMETERS),
    }
)
OPERATION.fields.update(
    {
        "tags": spare(STRINGS),
        **_TEXTS,
        "externalDocs": spare(DOCS),
        "operationId": spare(STRING),
        "parameters": needed(PARAMETERS),
        "requestBody": needed(BODY),
        "responses": needed(MapOf(RESPONSE, keys="status"), "warning"),
        "callbacks": spare(MapOf(CALLBACK)),
        "deprecated": spare(BOOLEAN),
        "security": needed(SECURITY),
        "servers": spare(SERVERS),
        "x-stream": needed(LINKED),
        "x-pagination": needed(LINKED),
        "x-idempotent": needed(BOOLEAN),
        "x-advisory": needed(BOOLEAN),
    }
)
_SENT: Final = {
    "description": spare(STRING),
    "required": spare(BOOLEAN),
    "deprecated": spare(BOOLEAN),
    "style": spare(STRING),
    "explode": spare(BOOLEAN),
    "schema": needed(SCHEMA),
    "example": spare(DATA),
    "examples": spare(EXAMPLES),
    "content": needed(CONTENT),
}
PARAMETER.fields.update(
    {
        "name": spare(STRING, "warning"),
        "in": spare(STRING, "warning"),
        "allowEmptyValue": spare(BOOLEAN),
        "allowReserved": spare(BOOLEAN),
        **_SENT,
    }
)
HEADER.fields.update(_SENT)
BODY.fields.update(
    {
        "description": spare(STRING),
        "content": needed(CONTENT, "warning"),
        "required": spare(BOOLEAN),
    }
)
MEDIA_TYPE.fields.update(
    {
        "schema": needed(SCHEMA),
        "itemSchema": needed(SCHEMA),
        "example": spare(DATA),
        "examples": spare(EXAMPLES),
        "encoding": spare(MapOf(ENCODING)),
        "prefixEncoding": spare(ListOf(ENCODING)),
        "itemEncoding": spare(ENCODING),
    }
)
ENCODING.fields.update(
    {
        "contentType": spare(STRING),
        "headers": spare(MapOf(HEADER)),
        "style": spare(STRING),
        "explode": spare(BOOLEAN),
        "allowReserved": spare(BOOLEAN),
        "encoding": spare(MapOf(ENCODING)),
        "prefixEncoding": spare(ListOf(ENCODING)),
        "itemEncoding": spare(ENCODING),
    }
)
RESPONSE.fields.update(
    {
        **_TEXTS,
        "headers": spare(MapOf(HEADER)),
        "content": needed(CONTENT),
        "links": spare(MapOf(LINK)),
    }
)
EXAMPLE.fields.update(
    {
        **_TEXTS,
        "value": spare(DATA),
        "dataValue": spare(DATA),
        "serializedValue": spare(STRING),
        "externalValue": spare(STRING),
    }
)
LINK.fields.update(
    {
        "operationRef": spare(STRING),
        "operationId": spare(STRING),
        "parameters": spare(MapOf(DATA)),
        "requestBody": spare(DATA),
        "description": spare(STRING),
        "server": spare(SERVER),
    }
)
SECURITY_SCHEME.fields.update(
    {
        "type": spare(STRING, "warning"),
        "description": spare(STRING),
        "name": needed(STRING),
        "in": needed(STRING),
        "scheme": needed(STRING),
        "bearerFormat": spare(STRING),
        "flows": needed(FLOWS),
        "openIdConnectUrl": spare(STRING),
        "oauth2MetadataUrl": spare(STRING),
        "deprecated": spare(BOOLEAN),
    }
)
FLOWS.fields.update(
    {
        name: spare(FLOW)
        for name in (
            "implicit",
            "password",
            "clientCredentials",
            "authorizationCode",
            "deviceAuthorization",
        )
    }
)
FLOW.fields.update(
    {
        "authorizationUrl": spare(STRING),
        "deviceAuthorizationUrl": spare(STRING),
        "tokenUrl": spare(STRING),
        "refreshUrl": spare(STRING),
        "scopes": spare(MapOf(STRING)),
    }
)
SCHEMA.fields.update(
    {
        "type": spare(ListOf(STRING, or_one=True)),
        "properties": needed(SCHEMAS),
        "required": spare(STRINGS),
        "enum": spare(ListOf(DATA)),
        "const": spare(DATA),
        "default": spare(DATA),
        "example": spare(DATA),
        "examples": spare(ListOf(DATA)),
        "items": needed(ListOf(SCHEMA, or_one=True)),
        "additionalItems": needed(SCHEMA),
        "discriminator": spare(DISCRIMINATOR),
        "externalDocs": spare(DOCS),
        "xml": spare(XML),
        "dependentRequired": spare(MapOf(STRINGS)),
        **{key: needed(SCHEMA_LIST) for key in ("allOf", "anyOf", "oneOf")},
        **{
            key: needed(SCHEMAS)
            for key in (
                "patternProperties",
                "$defs",
                "definitions",
                "dependentSchemas",
            )
        },
        "prefixItems": needed(SCHEMA_LIST),
        **{
            key: needed(SCHEMA)
            for key in (
                "additionalProperties",
                "unevaluatedProperties",
                "unevaluatedItems",
                "propertyNames",
                "contains",
                "contentSchema",
                "not",
                "if",
                "then",
                "else",
            )
        },
        **{
            key: spare(STRING)
            for key in (
                "title",
                "description",
                "format",
                "pattern",
                "contentMediaType",
                "contentEncoding",
                "$comment",
                "$id",
                "$schema",
                "$anchor",
                "$dynamicAnchor",
            )
        },
        **{
            key: spare(BOOLEAN)
            for key in (
                "nullable",
                "deprecated",
                "readOnly",
                "writeOnly",
                "uniqueItems",
                "x-open-enum",
            )
        },
        **{
            key: spare(NUMBER)
            for key in (
                "multipleOf",
                "maximum",
                "minimum",
                "maxLength",
                "minLength",
                "maxItems",
                "minItems",
                "maxContains",
                "minContains",
                "maxProperties",
                "minProperties",
            )
        },
        "exclusiveMaximum": spare(BOUND),
        "exclusiveMinimum": spare(BOUND),
    }
)
DISCRIMINATOR.fields.update(
    {
        "propertyName": spare(STRING, "warning"),
        "mapping": spare(MapOf(STRING)),
        "defaultMapping": spare(STRING),
    }
)
