"""Building the IR: one pass over the document a question, each answered once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.errors import Diagnostic, SpecError
from headgate.ir.api import Api, WebhookScheme
from headgate.ir.build.circles import without_circles
from headgate.ir.build.clients import read_clients
from headgate.ir.build.content import read_content
from headgate.ir.build.declared import declared_headers
from headgate.ir.build.directions import directed, reachable
from headgate.ir.build.errors import read_errors, with_pending
from headgate.ir.build.naming import place_operations, with_own_methods
from headgate.ir.build.operations import OperationReader
from headgate.ir.build.pages import PageReader
from headgate.ir.build.raw import raw_operations
from headgate.ir.build.reader import Reader, as_object, docs_of
from headgate.ir.build.resources import resource_tree
from headgate.ir.build.schemas import SchemaReader
from headgate.ir.build.security import (
    alternatives,
    header_options,
    option_scope,
    read_header_maps,
    read_schemes,
)
from headgate.ir.build.servers import default_address, read_servers
from headgate.ir.build.streams import StreamReader
from headgate.ir.build.surface import read_surface
from headgate.ir.build.tags import tagged
from headgate.ir.build.uploads import read_uploads
from headgate.ir.build.webhooks import WebhookReader
from headgate.ir.build.wording import worded
from headgate.ir.types import Union

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.document import Document
    from headgate.document.config import WebhookConfig
    from headgate.ir.api import ErrorModel, HeaderMap, Webhook
    from headgate.ir.operations import Operation
    from headgate.ir.streams import Stream
    from headgate.ir.types import Definition, TypeExpr, TypeId


def build_api(document: Document) -> tuple[Api, tuple[Diagnostic, ...]]:
    """Read a document into the IR, with warnings; raise all errors together."""
    reader = Reader(document)
    config = document.config
    raw = raw_operations(reader)
    schemas = SchemaReader(reader, read_uploads(reader, raw))
    schemas.read_components()
    servers = read_servers(reader)
    options = option_scope()
    schemes = read_schemes(reader, config.client.credentials, options)
    header_maps = read_header_maps(reader, raw, config.client.header_maps, options)
    operations = OperationReader(
        reader,
        schemas,
        _lifted(header_maps, config.http.request_id_header),
        config.http.idempotency_header or "",
        PageReader(reader, schemas.definitions, config.pagination),
    )
    streams = StreamReader(reader, schemas, operations, config.streams)
    places = place_operations(raw, _renamed(config.names, "operations."), config.groups)
    read = with_own_methods(
        [
            operation
            for r, place in zip(raw, places, strict=True)
            for operation in operations.read(r, place, streams.call(r, place))
        ]
    )
    operations.report_left_out()
    errors = with_pending(read_errors(reader, schemas, raw), read)
    webhooks = WebhookReader(reader, schemas).webhooks(raw)
    settled = _tagged(schemas)
    _report_untold(reader, schemas.definitions, settled)
    finished = streams.finish(settled)
    kept = _without_frames(settled, streams.frames, read, finished)
    definitions = _directed(kept, read, finished, (errors, webhooks))
    api = Api(
        is_one_file=len(document.sources) == 1,
        title=str(as_object(reader.root.value.get("info")).get("title", "")),
        version=str(as_object(reader.root.value.get("info")).get("version", "")),
        docs=docs_of(as_object(reader.root.value.get("info"))),
        base_url=config.client.default_base_url or default_address(servers),
        definitions=_named(worded(definitions), _renamed(config.names, "schemas.")),
        root=resource_tree(reader, read),
        streams=finished,
        security=alternatives(reader, reader.root.value),
        schemes=schemes,
        header_maps=header_maps,
        header_options=header_options(config.client.headers, options),
        errors=errors,
        servers=servers,
        webhooks=webhooks,
        webhook_scheme=_webhook_scheme(config.webhooks),
        content=read_content(reader, settled),
        clients=read_clients(reader),
        surface=read_surface(reader, read, settled, errors),
        headers=declared_headers(read, settled, config.http.request_id_header),
    )
    return api, _checked(reader)


def _checked(reader: Reader) -> tuple[Diagnostic, ...]:
    if any(problem.severity == "error" for problem in reader.problems):
        found = (*reader.document.warnings, *reader.problems)
        raise SpecError(found, reader.document.sources)
    return tuple(reader.problems)


def _webhook_scheme(settings: WebhookConfig) -> WebhookScheme:
    return WebhookScheme(
        settings.id_header, settings.timestamp_header, settings.signature_header
    )


def _lifted(maps: tuple[HeaderMap, ...], request_id: str | None) -> frozenset[str]:
    """Name the headers that are settings of the client, not of an operation."""
    headers = [header.lower() for one in maps for _, header in one.members]
    return frozenset([*headers, (request_id or "").lower()])


def _renamed(names: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value
        for key, value in names.items()
        if key.startswith(prefix)
    }


def _tagged(schemas: SchemaReader) -> dict[TypeId, Definition]:
    known = without_circles(schemas.definitions)
    return {
        type_id: tagged(definition, known, schemas.mappings.get(type_id))
        if isinstance(definition, Union)
        else definition
        for type_id, definition in known.items()
    }


def _report_untold(
    reader: Reader,
    before: Mapping[TypeId, Definition],
    after: Mapping[TypeId, Definition],
) -> None:
    """Say which discriminators do not tell the branches of their unions apart."""
    for type_id, definition in before.items():
        settled = after[type_id]
        if not isinstance(definition, Union) or not isinstance(settled, Union):
            continue
        if definition.tag is not None and settled.tag is None:
            name = definition.tag.property
            message = f"'{name}' does not tell the branches of '{type_id}' apart"
            place = definition.location
            problem = Diagnostic("warning", "discriminator-left-out", message, place)
            reader.problems.append(problem)


def _sent(operations: Iterable[Operation]) -> list[TypeExpr]:
    found: list[TypeExpr] = []
    for operation in operations:
        found += (parameter.type for parameter in operation.parameters)
        if operation.body is not None:
            found.append(operation.body.type)
    return found


def _received(
    operations: Iterable[Operation], streams: Mapping[str, Stream]
) -> list[TypeExpr]:
    operations = tuple(operations)
    found = [op.result.type for op in operations if op.result is not None]
    found += [header.type for op in operations for header in op.headers]
    found += [header.type for op in operations for header in op.failure_headers]
    found += [failure.type for op in operations for failure in op.failures]
    for stream in streams.values():
        found.append(stream.event)
        if stream.fold is not None:
            found.append(stream.fold.into)
    return found


def _without_frames(
    definitions: Mapping[TypeId, Definition],
    frames: set[TypeId],
    operations: list[Operation],
    streams: Mapping[str, Stream],
) -> dict[TypeId, Definition]:
    """Drop the schemas that only frame events: the decoder knows what a frame is."""
    used = reachable(definitions, [*_sent(operations), *_received(operations, streams)])
    inside = {
        type_id
        for type_id in definitions
        if any(type_id == f or type_id.startswith(f"{f}.") for f in frames)
    }
    return {i: d for i, d in definitions.items() if i in used or i not in inside}


def _directed(
    definitions: Mapping[TypeId, Definition],
    operations: list[Operation],
    streams: Mapping[str, Stream],
    others: tuple[ErrorModel, tuple[Webhook, ...]],
) -> dict[TypeId, Definition]:
    errors, webhooks = others
    details = [d.type for cls in errors.classes for d in cls.details]
    payloads = [webhook.type for webhook in webhooks]
    received = [*_received(operations, streams), *details, *payloads]
    return directed(definitions, sent=_sent(operations), received=received)


def _named(
    definitions: Mapping[TypeId, Definition], names: Mapping[str, str]
) -> dict[TypeId, Definition]:
    return {
        type_id: replace(definition, words=(names[type_id],))
        if type_id in names
        else definition
        for type_id, definition in definitions.items()
    }
