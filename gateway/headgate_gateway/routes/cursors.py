"""Where a reader of a stored stream is."""

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.call import Call


def cursor_of(call: Call) -> int:
    """The number of the last event read; 400 when its two spellings disagree."""
    header = call.parameters.get("Last-Event-ID")
    query: int | None = call.parameters.get("starting_after")
    if header is None:
        return query or 0
    if query is not None and query != int(header):
        raise GatewayError(
            "invalid_starting_after",
            "Last-Event-ID and starting_after name different events.",
            param="starting_after",
        )
    return int(header)
