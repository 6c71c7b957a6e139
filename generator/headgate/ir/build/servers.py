"""The addresses of an API, with their variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.api import Server, ServerVariable
from headgate.ir.build.reader import Node, Reader, as_list, docs_of, text_at
from headgate.ir.types import Docs

if TYPE_CHECKING:
    from headgate.ir.build.raw import RawOperation


def read_servers(reader: Reader) -> tuple[Server, ...]:
    """Read the servers of the document, in its order."""
    return tuple(
        _server(url, node)
        for node in reader.root.items("servers")
        if (url := text_at(node.value, "url")) is not None
    )


def default_address(servers: tuple[Server, ...]) -> str | None:
    """Give the first server's address with its variables' defaults, if it is whole."""
    return _address(servers[0]) if servers else None


def _address(server: Server) -> str | None:
    address = server.template
    for variable in server.variables:
        address = address.replace(f"{{{variable.name}}}", variable.default)
    is_whole = address.startswith(("https://", "http://")) and "{" not in address
    return address if is_whole else None


def own_address(reader: Reader, raw: RawOperation) -> str | None:
    """Give the address that an operation has instead of the API's; None: the API's."""
    servers = read_servers(reader)
    default = servers[0].template if servers else None
    for holder in (raw.node, raw.item):
        for server in holder.items("servers"):
            url = text_at(server.value, "url")
            if url is None or url == default:
                return None
            address = _address(_server(url, server))
            if address is not None:
                return address.rstrip("/")
            message = f"the address '{url}' of the operation is not used"
            reader.report("server-left-out", message, server.pointer, "warning")
            return None
    return None


def _server(url: str, node: Node) -> Server:
    return Server(url, _variables(node), _docs(node))


def _docs(node: Node) -> Docs:
    return Docs(text_at(node.value, "description") or "")


def _variables(node: Node) -> tuple[ServerVariable, ...]:
    return tuple(
        ServerVariable(
            name=name,
            default=str(variable.value.get("default", "")),
            values=tuple(str(value) for value in as_list(variable.value.get("enum"))),
            docs=docs_of(variable.value),
        )
        for name, variable in node.objects("variables")
    )
