"""The trace that a caller's request belongs to, which goes on to the provider."""

import re
from collections.abc import Mapping

_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
"""W3C Trace Context, 3.2.2: version, trace, span, flags."""
_STATE = re.compile(r"[\x20-\x7E]{1,512}")
_NONE: Mapping[str, str] = {}


def trace_of(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of W3C Trace Context in a request; none where they are no trace."""
    parent = headers.get("traceparent")
    if parent is None or not _PARENT.fullmatch(parent):
        return _NONE
    state = headers.get("tracestate", "")
    if not _STATE.fullmatch(state):
        return {"traceparent": parent}
    return {"traceparent": parent, "tracestate": state}
