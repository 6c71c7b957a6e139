"""Scenarios in which a server answers with something other than the stream."""

from __future__ import annotations

import json

from headgate.faults.draws import Call, Case, Draw, after_cut, sent
from headgate.faults.expectation import Outcome
from headgate.faults.script import HEALTHY, Answer

RETRIED = (408, 429, 500, 502, 503, 504)
"""Statuses after which a call is made again."""

SOON: tuple[dict[str, str], ...] = (
    {},
    {"Retry-After": "0"},
    {"Retry-After": "0.01"},
    {"Retry-After-Ms": "5"},
    {"Retry-After-Ms": "5", "Retry-After": "600"},
    {"Retry-After": "Sat, 21 Nov 2020 10:00:00 GMT"},
    {"Retry-After": "Saturday, 21-Nov-20 10:00:00 GMT"},
    {"Retry-After": "Sat Nov 21 10:00:00 2020"},
    {"Retry-After": "soon"},
    {"Retry-After": "-5"},
    {"Retry-After": ""},
)
"""Ways of saying: at once, or nothing that can be understood."""

TOO_LATE = (
    {"Retry-After": "120"},
    {"Retry-After-Ms": "120000"},
    {"Retry-After": "Sat, 21 Nov 2099 10:00:00 GMT"},
    {"Retry-After": "99999999999999999999"},
)
"""Ways of asking for more patience than the SDK has."""

REFUSED = {
    400: ("invalid_request_error", "validation_failed", "BadRequestError"),
    401: ("authentication_error", "invalid_api_key", "AuthenticationError"),
    402: ("billing_error", "payment_required", "BillingError"),
    403: ("permission_error", "forbidden", "PermissionDeniedError"),
    404: ("not_found_error", "not_found", "NotFoundError"),
    409: ("conflict_error", "conflict", "ConflictError"),
    410: ("not_found_error", "events_expired", "NotFoundError"),
    413: ("request_too_large_error", "body_too_large", "RequestTooLargeError"),
}
"""Final refusals: the error's type, its code, and the class it becomes."""

FAILED = {
    408: ("timeout_error", "timeout", "GatewayTimeoutError"),
    429: ("rate_limit_error", "rate_limited", "RateLimitError"),
    500: ("api_error", "internal", "InternalServerError"),
    502: ("provider_error", "upstream_failed", "ProviderError"),
    503: ("overloaded_error", "overloaded", "OverloadedError"),
    504: ("timeout_error", "upstream_timeout", "GatewayTimeoutError"),
}
"""Failures that may pass, likewise."""

_PAGE = b"<!doctype html><title>Sign in</title><h1>Sign in</h1>"


def refusal(status: int, headers: dict[str, str] | None = None) -> Answer:
    """An answer with an error object, as the API gives it."""
    kind, code, _ = (REFUSED | FAILED)[status]
    error = {"type": kind, "code": code, "message": "No.", "param": None}
    error |= {"request_id": "req_01JD2M5R9V3K7W8X4Y6Z0A1B99"}
    body = {"error": {**error, "standard_code": "E1000", "retryable": False}}
    return Answer(
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        content=json.dumps(body).encode(),
        framing="length",
    )


def page(status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A page of HTML, as a proxy gives it."""
    return Answer(
        status=status,
        headers={"Content-Type": "text/html; charset=utf-8", **(headers or {})},
        content=_PAGE,
        framing="length",
    )


def _failure(draw: Draw, headers: tuple[dict[str, str], ...] = SOON) -> Answer:
    status = draw.pick(RETRIED)
    if draw.happens(0.2):
        return page(status, draw.pick(headers))
    return refusal(status, draw.pick(headers))


def refused_for_a_while(draw: Draw) -> Case:
    """The call is refused once or twice, with every spelling of Retry-After."""
    call = draw.call()
    failures = [_failure(draw) for _ in range(draw.between(1, 2))]
    return draw.case(call, failures, call.whole(), posts=len(failures) + 1)


def refused_three_times(draw: Draw) -> Case:
    """The call is refused as often as it is made."""
    call = draw.call(long=False)
    failures = [_failure(draw) for _ in range(9)]
    error = Outcome.exactly(FAILED[failures[2].status][2], 0)
    return draw.case(call, failures, error, posts=3, requests=3)


def asked_to_wait_too_long(draw: Draw) -> Case:
    """The server asks for more patience than there is, which raises at once."""
    call = draw.call(long=False)
    status = draw.pick((429, 503))
    answer = refusal(status, draw.pick(TOO_LATE))
    error = Outcome.exactly(FAILED[status][2], 0)
    return draw.case(call, [answer], error, requests=1)


def refused(draw: Draw) -> Case:
    """The call is refused for good."""
    call = draw.call(long=False)
    status = draw.pick(tuple(REFUSED))
    error = Outcome.exactly(REFUSED[status][2], 0)
    return draw.case(call, [refusal(status)], error, requests=1)


def no_stream(draw: Draw) -> Case:
    """200 with a page or with JSON, or no media type, in the stream's place."""
    call = draw.call(long=False)
    unread = Outcome.exactly("ResponseDecodeError", 0)
    return draw.case(call, [_no_stream(draw)], unread, requests=1)


def _no_stream(draw: Draw) -> Answer:
    json_answer = Answer(
        headers={"Content-Type": "application/json"}, content=b"{}", framing="length"
    )
    untyped = Answer(headers={"Content-Type": ""}, content=b"hello", framing="length")
    return draw.pick((page(), page(), json_answer, untyped))


def redirected(draw: Draw) -> Case:
    """A redirect, which could carry the credentials elsewhere."""
    call = draw.call(long=False)
    answer = Answer(
        status=draw.pick((301, 302, 303, 307, 308)),
        headers={"Location": "/elsewhere"},
        content=b"",
        framing="length",
    )
    return draw.case(call, [answer], Outcome.exactly("APIError", 0), requests=1)


def nothing_to_come(draw: Draw) -> Case:
    """204 to the caller's own cursor: the stream is at its end."""
    call = Call("runs.events", draw.call(resumable=True, long=False).recording)
    answer = Answer(status=204, content=b"", framing="close")
    return draw.case(call, [answer], Outcome.exactly("complete", 0), requests=1)


def _begun(draw: Draw) -> tuple[Call, Answer, int]:
    """A run that is cut cleanly after some events."""
    call = draw.call(resumable=True, long=False)
    events, extra = draw.point_inside(call)
    return call, Answer(events=sent(events, extra)), events


def resume_refused_for_a_while(draw: Draw) -> Case:
    """Taking the stream up again is refused up to four times in a row."""
    call, cut, _ = _begun(draw)
    failures = [_failure(draw) for _ in range(draw.between(1, 4))]
    return draw.case(call, [cut, *failures], call.whole())


def resume_endpoint_down(draw: Draw) -> Case:
    """Taking the stream up again never succeeds."""
    call, cut, events = _begun(draw)
    kind = draw.pick(("status", "reset", "empty"))
    if kind == "status":
        downs = [_failure(draw) for _ in range(9)]
    elif kind == "reset":
        downs = [Answer(head="none", end=draw.pick(("fin", "reset")))] * 9
    else:
        downs = [Answer(events=sent(0))] * 9
    gone = Outcome.exactly("StreamTruncatedError", events)
    return draw.case(call, [cut, *downs], gone, requests=6)


def resume_refused(draw: Draw) -> Case:
    """Taking the stream up again is refused for good: unknown run, expired cursor."""
    call, cut, events = _begun(draw)
    status = draw.pick((404, 410, 410, 401, 400, 403, 409))
    error = Outcome.exactly(REFUSED[status][2], events)
    return draw.case(call, [cut, refusal(status)], error, requests=2)


def resume_gives_no_stream(draw: Draw) -> Case:
    """Taking the stream up again gives a page or JSON."""
    call, cut, events = _begun(draw)
    unread = Outcome.exactly("ResponseDecodeError", events)
    return draw.case(call, [cut, _no_stream(draw)], unread, requests=2)


def resume_finds_nothing(draw: Draw) -> Case:
    """204 before the terminal event has come."""
    call, cut, events = _begun(draw)
    nothing = Answer(status=204, content=b"", framing="close")
    gone = Outcome.exactly("StreamTruncatedError", events)
    return draw.case(call, [cut, nothing], gone, requests=2)


def two_drops(draw: Draw) -> Case:
    """Connections that bring nothing new lie between the cut and the rest."""
    call, cut, _ = _begun(draw)
    drops = [
        draw.pick(
            (
                Answer(events=sent(0)),
                Answer(events=sent(0, 20)),
                Answer(events=sent(0), end="reset"),
                Answer(events=sent(0, 20), end="fin"),
                Answer(head="none", end="reset"),
                _failure(draw),
            )
        )
        for _ in range(draw.between(2, 4))
    ]
    return draw.case(call, [cut, *drops], call.whole())


def many_drops(draw: Draw) -> Case:
    """The stream is cut again and again, each time after some progress."""
    call = draw.call(resumable=True)
    step = max(call.left // draw.between(3, 12), 1)
    answers = [
        Answer(
            events=sent(draw.between(1, step), draw.upto(60)),
            end=draw.pick(("clean", "fin", "reset", "short")),
        )
        for _ in range(draw.between(3, 15))
    ]
    lost = after_cut(call, 1, abrupt=answers[0].end != "clean")
    return draw.case(call, [*answers, HEALTHY], *lost)
