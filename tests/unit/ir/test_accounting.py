"""Every operation and schema of a real document is in the IR, or is told of."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.document import Document, load_document
from headgate.errors import Diagnostic
from headgate.ir.api import Api
from headgate.ir.build import build_api
from headgate.ir.build.media import is_stream
from headgate.ir.build.reader import as_object
from tests.corpus import ROOT, find_documents

DOCUMENTS = {"headgate": ROOT / "spec" / "openapi.yaml", **find_documents()}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


Object = dict[str, Any]
Settled = tuple[Document, Api, tuple[Diagnostic, ...]]


@pytest.fixture(scope="module", params=DOCUMENTS)
def settled(request: pytest.FixtureRequest) -> Settled:
    """A document, its IR, and all that was said on the way."""
    document = load_document(DOCUMENTS[request.param])
    api, warnings = build_api(document)
    return document, api, (*document.warnings, *warnings)


def test_nothing_of_a_document_is_lost_in_silence(settled: Settled) -> None:
    """Operations, their contents, schemas, webhooks and schemes are accounted for."""
    document, api, said = settled

    lost = {
        "operations": lost_operations(document, api),
        "contents": lost_contents(document, api, said),
        "schemas": lost_schemas(document, api),
        "schemes": lost_schemes(document, api),
        "webhooks": lost_webhooks(document, api, said),
    }
    assert lost == {key: set() for key in lost}


def test_every_operation_has_a_place_of_its_own(settled: Settled) -> None:
    """No id and no method of a resource is given twice."""
    _, api, _ = settled
    ids = [operation.id for operation in api.operations]
    places = [(operation.resource, operation.method) for operation in api.operations]

    assert (len(set(ids)), len(set(places))) == (len(ids), len(places))


def test_every_stream_is_typed_and_keeps_its_twin(settled: Settled) -> None:
    """Where a success has both, there is a stream and a result; else it is told."""
    document, api, said = settled
    by_place = {operation.location: operation for operation in api.operations[::-1]}
    wanted: dict[str, tuple[bool, bool]] = {}
    found: dict[str, tuple[bool, bool]] = {}
    for pointer, operation in operations(document):
        kinds = [is_stream(media) for media in contents(document, operation)]
        if any(kinds):
            known = by_place[document.locate(pointer)]
            wanted[pointer] = (True, not all(kinds))
            found[pointer] = (known.stream is not None, known.result is not None)
    untyped = {it.location for it in said if it.code == "untyped-stream"}
    silent = {
        stream.name
        for stream in api.streams.values()
        if not hasattr(stream.event, "id") and stream.location not in untyped
    }

    assert (found, silent) == (wanted, set())


def operations(document: Document) -> list[tuple[str, Object]]:
    """Every operation of the document with its pointer."""
    paths: Object = as_object(document.root.get("paths"))
    return [
        (f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{verb}", item[verb])
        for path, item in paths.items()
        for verb in METHODS
        if isinstance(item.get(verb), dict)
    ]


def contents(document: Document, operation: Object) -> list[str]:
    """The media types of an operation's successes."""
    found: list[str] = []
    for status, given in operation.get("responses", {}).items():
        answer = resolved(document, given)
        if status.startswith("2") and not answer.get("x-pending"):
            found += answer.get("content", {})
    return found


def resolved(document: Document, value: Object) -> Object:
    """What a reference to a component leads to."""
    root: Object = document.root
    while "$ref" in value:
        _, _, section, name = value["$ref"].split("/")
        value = root["components"][section][name.replace("~1", "/").replace("~0", "~")]
    return value


def lost_operations(document: Document, api: Api) -> set[str]:
    """Operations of the document that the IR does not have."""
    known = {operation.location for operation in api.operations}
    return {
        pointer
        for pointer, _ in operations(document)
        if document.locate(pointer) not in known
    }


SENT_FOR_RANGES = {"application/json", "application/octet-stream", "text/plain"}
"""A range of media types is none that could be sent: one of these takes its place."""


def lost_contents(
    document: Document, api: Api, said: tuple[Diagnostic, ...]
) -> set[str]:
    """Media types of bodies and answers that no method sends or asks for."""
    told = any(it.code == "body-left-out" for it in said)
    known: dict[object, set[str]] = {}
    for operation in api.operations:
        kinds = known.setdefault(operation.location, set())
        kinds |= {
            part.media_type for part in (operation.body, operation.result) if part
        }
        kinds |= {operation.stream.media_type} if operation.stream else set()
    lost: set[str] = set()
    for pointer, value in operations(document):
        kinds = known[document.locate(pointer)]
        body = resolved(document, value.get("requestBody", {}))
        if told and pointer.endswith("/get"):
            body = {}
        for media in {*body.get("content", {}), *contents(document, value)}:
            if "*" in media and kinds & SENT_FOR_RANGES:
                continue
            # JSON of one schema under several names is one kind.
            if media not in kinds and not (
                "json" in media and any("json" in k for k in kinds)
            ):
                lost.add(f"{pointer} {media}")
    return lost


def lost_schemas(document: Document, api: Api) -> set[str]:
    """Component schemas that became no definition; frames are the decoder's."""
    named = set(as_object(document.root.get("components")).get("schemas", {}))
    return named - {str(name) for name in api.definitions} - frames(document)


def frames(document: Document) -> set[str]:
    """The schemas of streams, and of what those are one of."""
    found: set[str] = set()
    for _, operation in operations(document):
        for given in operation.get("responses", {}).values():
            for media, content in resolved(document, given).get("content", {}).items():
                if is_stream(media):
                    schema = content.get("schema", {})
                    branches = resolved(document, schema).get("oneOf", [])
                    found |= {
                        each.get("$ref", "").rpartition("/")[2]
                        for each in (schema, *branches)
                    }
    return found


def lost_schemes(document: Document, api: Api) -> set[str]:
    """Security schemes without a place in the client."""
    schemes = as_object(document.root.get("components")).get("securitySchemes", {})
    return set(schemes) - {scheme.name for scheme in api.schemes}


def lost_webhooks(
    document: Document, api: Api, said: tuple[Diagnostic, ...]
) -> set[str]:
    """Webhooks that are neither in the IR nor told of."""
    known = {webhook.id for webhook in api.webhooks}
    told = {it.message for it in said if it.code == "webhook-left-out"}
    return {
        name
        for name in as_object(document.root.get("webhooks"))
        if name not in known and not any(f"'{name}'" in text for text in told)
    }
