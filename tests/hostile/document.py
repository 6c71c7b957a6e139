"""The documents that the payloads are planted in.

One document repeats a slice of an API for each payload; another has what stands only
once in a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from tests.hostile.payloads import PAYLOADS

if TYPE_CHECKING:
    from tests.hostile.planting import Garden

Json = dict[str, Any]


class Text(Protocol):
    """Gives the text of a position."""

    def __call__(self, label: str, form: str = "{}") -> str:
        """Give it, put in the place of a form's braces."""


def repeated(garden: Garden) -> Json:
    """A document with every repeated position, once for each payload."""
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Slices", "version": "1.0.0"},
        "paths": {},
        "webhooks": {},
        "components": {"schemas": {}, "securitySchemes": {}},
        "x-streams": {},
    }
    for payload in PAYLOADS:
        _add_slice(document, _text_of(garden, payload.number), f"s{payload.number}e")
    return document


def single(garden: Garden, number: int) -> Json:
    """A small document with every position that stands once."""
    text = _text_of(garden, number)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": text("info title"),
            "version": text("info version"),
            "description": text("info description"),
            "contact": {"name": text("contact name")},
            "license": {
                "name": text("licence name"),
                "identifier": text("licence identifier"),
            },
            "termsOfService": text("terms of service"),
        },
        "tags": [{"name": "things", "description": text("tag description")}],
        "externalDocs": {
            "description": text("root external docs"),
            "url": "https://a.invalid",
        },
        "servers": [
            {
                "url": text("server url", "https://a.invalid/{}"),
                "description": text("server description"),
            },
            {
                "url": text("server variable name", "https://b.invalid/{{}}"),
                "variables": {
                    text("server variable name"): {
                        "default": text("server variable default"),
                        "enum": [
                            text("server variable default"),
                            text("server variable enum"),
                        ],
                    }
                },
            },
        ],
        "paths": {
            "/things": {
                "get": {
                    "tags": ["things"],
                    "operationId": "things.list",
                    "responses": {"200": {"description": "All."}},
                }
            }
        },
    }


def settings(garden: Garden, number: int) -> Json:
    """A `headgate.toml` as tables, with every setting that holds a text."""

    def text(label: str, form: str = "{}") -> str | None:
        return garden.setting(label, number, form)

    author = text("package author")
    operation = text("settings for an unknown operation")
    return {
        "package": {
            "version": text("package version"),
            "description": text("package description"),
            "license": text("package licence"),
            "repository": text("package repository", "https://a.invalid/{}"),
            "authors": None if author is None else [author],
        },
        "client": {
            "name": text("client name"),
            "environment_prefix": text("environment prefix"),
            "default_base_url": text("default base url", "https://a.invalid/{}"),
            "user_agent": text("user agent"),
        },
        "client.header_maps.keys": {"prefix": text("header prefix") or "X-Key-"},
        "python": {
            "module": text("python module"),
            "distribution": text("python distribution"),
        },
        "typescript": {"package": text("npm package")},
        "rust": {"crate": text("crate")},
        "names": {"operations.things.list": text("name override")},
        "streams": {} if operation is None else {operation: {"event": "x"}},
    }


def _text_of(garden: Garden, number: int) -> Text:
    def text(label: str, form: str = "{}") -> str:
        return garden.text(label, number, form)

    return text


def _add_slice(document: Json, text: Text, key: str) -> None:
    document["paths"] |= _paths(text, key)
    document["webhooks"][text("webhook key")] = {
        "post": {
            "summary": text("webhook summary"),
            "requestBody": _json_body(_local(key, "Body")),
            "responses": {"200": {"description": "Taken."}},
        }
    }
    components = document["components"]
    components["schemas"] |= _schemas(text, key)
    components["securitySchemes"] |= _schemes(text, key)
    document["x-streams"][f"{key}Flow"] = {
        "event": _local(key, "Event"),
        "discriminator": text("stream discriminator"),
        "sentinel": text("sentinel"),
        "states": {
            "before": {text("event type"): {"to": "open"}},
            "open": {
                text("event type"): {},
                text("terminal event"): {"to": "end"},
                text("sentinel"): {"to": "end"},
            },
        },
        "ends": {"end": "complete"},
    }


def _paths(text: Text, key: str) -> Json:
    return {
        f"/{key}/described": {"post": _described(text, key)},
        f"/{key}/tagged": {"get": _plain(key, tags=[text("tag")])},
        f"/{key}/named": {"get": _plain(key, operationId=text("operation id"))},
        f"/{key}/dotted": {
            "get": _plain(
                key, operationId=text("dotted operation id", f"{key}.deep.{{}}")
            )
        },
        text("path literal", f"/{key}/literal/{{}}"): {"get": _plain(key)},
        text("path parameter", f"/{key}/by/{{{{}}}}"): {
            "get": _plain(
                key,
                parameters=[
                    {
                        "name": text("path parameter"),
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                    }
                ],
            )
        },
        f"/{key}/media": {
            "get": {
                "tags": [key],
                "responses": {
                    "200": {
                        "description": "Some.",
                        "content": {text("media type"): {"schema": {"type": "string"}}},
                    },
                    text("status key"): {"description": "Odd."},
                },
            }
        },
        f"/{key}/parts": {"post": _parts(text, key)},
        f"/{key}/secured": {
            "get": _plain(key, security=[{text("security scheme key"): []}])
        },
        f"/{key}/authorised": {
            "get": _plain(key, security=[{f"{key}Flows": [text("scope")]}])
        },
        f"/{key}/streamed": {"post": _streamed(key)},
        f"/{key}/pages": {"get": _paged(text, key)},
    }


def _plain(key: str, **fields: Any) -> Json:
    plain = {"tags": [key], "responses": {"200": {"description": "Done."}}}
    return plain | fields


def _described(text: Text, key: str) -> Json:
    return {
        "tags": [key],
        "operationId": f"{key}Described",
        "summary": text("summary"),
        "description": text("operation description"),
        "externalDocs": {
            "description": text("external docs"),
            "url": text("external docs"),
        },
        "servers": [{"url": text("server of an operation", "https://a.invalid/{}")}],
        text("unknown field"): text("unknown field"),
        "parameters": [
            _parameter("query", text("query name"), text("parameter description")),
            _parameter("header", text("header name"), text("parameter description")),
            _parameter("cookie", text("cookie name"), text("parameter description")),
        ],
        "requestBody": {
            "description": text("body description"),
            **_json_body(_local(key, "Body")),
        },
        "responses": {
            "200": {
                "description": text("response description"),
                "headers": {text("response header"): {"schema": {"type": "string"}}},
                "links": {
                    text("link key"): {
                        "operationId": f"{key}Described",
                        "description": text("link description"),
                    }
                },
                **_json_body(_local(key, "Body")),
            }
        },
        "callbacks": {
            text("callback key"): {
                text("callback expression"): {
                    "post": {
                        "requestBody": _json_body(_local(key, "Body")),
                        "responses": {"200": {"description": "Taken."}},
                    }
                }
            }
        },
    }


def _parameter(place: str, name: str, description: str) -> Json:
    return {
        "name": name,
        "in": place,
        "description": description,
        "schema": {"type": "string"},
    }


def _parts(text: Text, key: str) -> Json:
    schema = {
        "type": "object",
        "properties": {
            text("multipart name"): {"type": "string"},
            text("encoding key"): {"type": "string", "format": "binary"},
        },
    }
    encoding = {text("encoding key"): {"contentType": text("encoding content type")}}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return _plain(key, requestBody={"required": True, "content": content})


def _streamed(key: str) -> Json:
    stream = {"schema": _local(key, "Event")}
    return {
        "tags": [key],
        "operationId": f"{key}Streamed",
        "x-stream": {"name": f"{key}Flow"},
        "requestBody": _json_body(_local(key, "Body")),
        "responses": {
            "200": {"description": "Live.", "content": {"text/event-stream": stream}}
        },
    }


def _paged(text: Text, key: str) -> Json:
    item = {"type": "array", "items": {"type": "string"}}
    page = {
        "type": "object",
        "required": [text("page field"), "next_cursor"],
        "properties": {
            text("page field"): item,
            "next_cursor": {"type": ["string", "null"]},
        },
    }
    return {
        "tags": [key],
        "operationId": f"{key}Pages",
        "parameters": [_parameter("query", "cursor", "Where to go on.")],
        "responses": {"200": {"description": "A page.", **_json_body(page)}},
    }


def _schemas(text: Text, key: str) -> Json:
    kinds = {name: f"{key}{name}" for name in ("Body", "Event", "First", "Last")}
    return {
        text("schema key"): {
            "type": "object",
            "properties": {"plain": {"type": "string"}},
        },
        kinds["Body"]: _body(text, key),
        kinds["First"]: _variant(text, "event type"),
        kinds["Last"]: _variant(text, "terminal event"),
        kinds["Event"]: {
            "oneOf": [_local(key, "First"), _local(key, "Last")],
            "discriminator": {"propertyName": text("stream discriminator")},
        },
        f"{key}Left": _tagged(text, "discriminator value"),
        f"{key}Right": _tagged(text, "mapping key"),
        f"{key}Either": {
            "oneOf": [_local(key, "Left"), _local(key, "Right")],
            "discriminator": {
                "propertyName": text("discriminator"),
                "mapping": {
                    text("discriminator value"): f"#/components/schemas/{key}Left",
                    text("mapping key"): f"#/components/schemas/{key}Right",
                },
            },
        },
    }


def _variant(text: Text, label: str) -> Json:
    name = text("stream discriminator")
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {"const": text(label)}, "count": {"type": "integer"}},
    }


def _tagged(text: Text, label: str) -> Json:
    name = text("discriminator")
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "string", "enum": [text(label)]}},
    }


def _body(text: Text, key: str) -> Json:
    named = text("schema key")
    return {
        "type": "object",
        "title": text("schema title"),
        "description": text("schema description"),
        "$comment": text("comment"),
        "example": {"x": text("example")},
        "examples": [text("named example")],
        "x-told": text("extension value"),
        text("extension key", "x-{}"): 1,
        "required": [text("required"), text("property key")],
        "properties": {
            text("property key"): {
                "type": "string",
                "description": text("property description"),
            },
            "chosen": {"type": "string", "enum": [text("enum"), "plain"]},
            "fixed": {"const": text("const")},
            "usual": {"type": "string", "default": text("default")},
            "shaped": {
                "type": "string",
                "pattern": text("pattern"),
                "format": text("format"),
                "contentMediaType": text("content media type"),
                "contentEncoding": text("content encoding"),
            },
            "placed": {"type": "string", "$id": text("schema id")},
            "others": {
                "type": "object",
                "patternProperties": {
                    text("pattern of a property"): {"type": "string"}
                },
            },
            "titled": {
                "type": "object",
                "title": text("schema title"),
                "properties": {"x": {"type": "string"}},
            },
            "referred": {"$ref": f"#/components/schemas/{_pointer_part(named)}"},
            "either": _local(key, "Either"),
        },
    }


def _schemes(text: Text, key: str) -> Json:
    return {
        text("security scheme key"): {
            "type": "apiKey",
            "in": "header",
            "name": text("api key name"),
            "description": text("scheme description"),
        },
        f"{key}Flows": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": text("oauth url", "https://a.invalid/{}"),
                    "refreshUrl": text("oauth url", "https://a.invalid/{}"),
                    "scopes": {text("scope"): text("scope description")},
                }
            },
        },
    }


def _local(key: str, name: str) -> Json:
    return {"$ref": f"#/components/schemas/{key}{name}"}


def _json_body(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _pointer_part(key: str) -> str:
    return quote(key.replace("~", "~0").replace("/", "~1"))
