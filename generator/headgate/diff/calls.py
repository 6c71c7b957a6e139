"""How a call streams: what asks for the stream, and whether there is another way."""

from __future__ import annotations

from headgate.diff.changes import Changes
from headgate.ir.operations import Operation


def compare_stream_calls(
    old: Operation, new: Operation, name: str, changes: Changes
) -> None:
    """Compare the streaming side of one operation."""
    was, now = old.stream, new.stream
    if was is None and now is not None:
        message = f"{name} can be streamed now"
        changes.note(
            "stream-added", "safe", message, old=old.location, new=now.location
        )
    if was is not None and now is None:
        message = f"{name} can no longer be streamed"
        places = {"old": was.location, "new": new.location}
        changes.note("stream-removed", "breaking", message, **places)
    if new.only_streams and not old.only_streams:
        message = f"{name} only streams now: its plain answer is gone"
        changes.note(
            "twin-removed", "breaking", message, old=old.location, new=new.location
        )
    if old.only_streams and not new.only_streams and now is not None:
        message = f"{name} has a plain answer beside its stream now"
        changes.note("twin-added", "safe", message, old=old.location, new=new.location)
    if was is None or now is None:
        return
    places = {"old": was.location, "new": now.location}
    if was.asked_by is not None and now.asked_by not in (None, was.asked_by):
        message = f"the stream of {name} is asked for by {now.asked_by} now"
        changes.note("stream-asked-otherwise", "breaking", message, **places)
    if was.asked_in_query not in (None, now.asked_in_query):
        message = f"the stream of {name} is asked for by {now.asked_in_query} now"
        changes.note("stream-asked-otherwise", "breaking", message, **places)
    if was.media_type != now.media_type:
        message = f"the stream of {name} was {was.media_type}, is {now.media_type} now"
        changes.note("media-type-changed", "breaking", message, **places)
    if was.method != now.method:
        message = (
            f"the SDKs call the stream of {name} {now.method}, before {was.method}"
        )
        changes.note("method-renamed", "breaking", message, **places)
    if now.unfinished_when != was.unfinished_when:
        message = f"{name} may close before the stream's end under another condition"
        changes.note("stream-unfinished", "risky", message, **places)
