"""Every operation of the Python SDK against the gateway, over real HTTP."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from headgate_sdk import (
    APIError,
    ApprovalTimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PolicyDeniedError,
    vectors,
)
from tests.gateway_process import Gateway
from tests.python.gateway_calls import HELLO, all_items, first_page, scripted, unique
from tests.python.operations import Recorder, call, missing
from tests.python.twins import TWINS, Twin

RECORDERS = {False: Recorder(), True: Recorder()}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    """A client whose calls of the gateway are written down."""
    is_async = request.param.is_async
    return Twin(is_async=is_async, interceptors=[RECORDERS[is_async]])


@pytest.fixture
def use(twin: Twin, gateway: Gateway):
    """Makes a call with a client of the gateway that holds both keys."""

    def use(make, **settings):
        keys = {"api_key": gateway.api_key, "admin_key": gateway.admin_key}
        return twin.call(gateway.url, make, **{**keys, **settings})

    return use


# Messages.


def test_a_message_is_answered(use) -> None:
    """The whole answer, its usage and its request id."""
    message = use(lambda c: c.messages.create(model="mock/echo", messages=HELLO))

    assert [block.text for block in message.content] == ["Hello there"]
    assert message.usage.total_tokens == 9
    assert message.http_response.request_id.startswith("req_")


def test_a_streamed_message_folds_to_the_answer(use) -> None:
    """What the events build equals the answer without streaming, its id aside."""
    request = scripted(
        {"turns": [{"thinking": "Well, well.", "text": "Good day to you.", "chunk": 3}]}
    )
    whole = use(lambda c: c.messages.create(**request))
    folded = use(lambda c: c.messages.stream(**request).final())

    expected = {**whole.to_dict(), "id": None}
    assert expected == {**folded.to_dict(), "id": None}


def test_tokens_are_counted(use) -> None:
    """Counting costs no answer."""
    count = use(lambda c: c.messages.count_tokens(model="mock/echo", messages=HELLO))

    assert count.input_tokens == 6


# Workspaces.


def test_a_conversation_is_watched_and_ended(use, twin: Twin, gateway: Gateway) -> None:
    """A draft is agreed to, and the stream of events ends with the conversation."""
    client_id = unique("client").replace(" ", "-")
    made = use(lambda c: c.workspaces.create(client_id=client_id, mode="shadow"))
    name = made.workspace.id
    use(lambda c: c.workspaces.send_typing_preview(name, text="Hel"))
    sent = use(lambda c: c.workspaces.send_message(name, content="Hello"))
    use(
        lambda c: c.workspaces.decide_draft(name, sent.approval_id, decision="approved")
    )
    found = use(lambda c: c.workspaces.get_by_client_id(client_id))
    said = use(all_items(twin, lambda c: c.workspaces.get_messages(name)))
    use(lambda c: c.workspaces.update(name, mode="takeover"))
    use(lambda c: c.workspaces.end_conversation(name))
    listed = use(all_items(twin, lambda c: c.workspaces.list(client_id=client_id)))
    seen = twin.read(
        gateway.url, lambda c: c.workspaces.events(name), api_key=gateway.api_key
    )

    assert [message.content for message in said] == ["Hello", "Hello"]
    assert [item.status for item in listed] == ["ended"]
    assert found.exists
    assert use(lambda c: c.workspaces.get(name)).mode == "takeover"
    assert seen.numbers == list(range(1, len(seen.numbers) + 1))


# Services.


def test_a_service_is_called_with_its_credential(use, gateway: Gateway) -> None:
    """What is called by name gets the secret; a name of nobody raises its error."""
    admin = use(lambda c: c.admin.projects.create(name=unique("services")))
    stored = use(
        lambda c: c.admin.credentials.create(
            name="c", project_id=admin.id, secret="s3cr3t-of-mine"
        )
    )
    made = use(
        lambda c: c.admin.services.create(
            name="echo",
            project_id=admin.id,
            base_url="https://api.example.com",
            credential_id=stored.id,
        )
    )
    with pytest.raises(NotFoundError) as unknown:
        use(lambda c: c.proxy.services.post("nobody", "a/b", body={"a": 1}))
    with pytest.raises(ConflictError) as without:
        use(lambda c: c.proxy.upstream.get("a/b"))

    assert stored.last4 == "ine"
    assert use(lambda c: c.admin.services.get(made.id)).credential_id == stored.id
    assert unknown.value.code == "service_not_found"
    assert without.value.code == "no_upstream"


def test_a_policy_refuses_with_its_name(use) -> None:
    """The error says which policy it was, and why."""
    project = use(lambda c: c.admin.projects.create(name=unique("policies")))
    key = use(lambda c: c.admin.keys.create(name="k", project_id=project.id))
    rule: Any = {
        "when": {"type": "always"},
        "then": [{"type": "deny", "message": "No"}],
    }
    use(
        lambda c: c.admin.policies.create(
            name="Nothing",
            project_id=project.id,
            mode="enforce",
            phase="pre",
            rules=[rule],
        )
    )
    with pytest.raises(PolicyDeniedError) as denied:
        use(
            lambda c: c.messages.create(model="mock/echo", messages=HELLO),
            api_key=key.secret,
        )

    assert denied.value.policy_name == "Nothing"
    assert denied.value.reason == "No"


def test_a_call_waits_for_a_person(use) -> None:
    """Nobody decides in time, and the call says so with the approval's id."""
    project = use(lambda c: c.admin.projects.create(name=unique("approvals")))
    key = use(lambda c: c.admin.keys.create(name="k", project_id=project.id))
    action: Any = {"type": "require_approval", "timeout_s": 1}
    rule: Any = {"when": {"type": "always"}, "then": [action]}
    use(
        lambda c: c.admin.policies.create(
            name="Ask",
            project_id=project.id,
            mode="enforce",
            phase="pre",
            rules=[rule],
        )
    )
    with pytest.raises(ApprovalTimeoutError) as late:
        use(
            lambda c: c.messages.create(
                model="mock/echo",
                messages=HELLO,
                options={"headers": {"Prefer": "wait=20"}},
            ),
            api_key=key.secret,
        )
    found = use(lambda c: c.approvals.get(late.value.approval_id), api_key=key.secret)

    assert late.value.timeout == 1
    assert found.status == "expired"


def test_what_was_asked_is_in_the_audit_log(use, twin: Twin, gateway: Gateway) -> None:
    """The entry of a request is there soon, by its id."""
    asked = use(lambda c: c.messages.create(model="mock/echo", messages=HELLO))
    request_id = asked.http_response.request_id
    found: Any = []
    while not found:
        page = use(lambda c: c.admin.audit_logs.list(request_id=request_id, limit=1))
        found = page.data
    whole = use(lambda c: c.admin.audit_logs.get(found[0].id))
    told = twin.read(
        gateway.url,
        lambda c: c.admin.audit_logs.stream(after=found[0].id, follow=False),
        admin_key=gateway.admin_key,
    )

    assert told.events[0].type == "audit_log.opened"
    assert told.events[-1].type == "audit_log.closed"
    assert whole.operation == "messages.create"
    assert whole.output_tokens == asked.usage.output_tokens


# Usage.


def test_spending_is_bounded_and_summed_up(use) -> None:
    """A cap is set, read, listed and removed; sums are read by key and by project."""
    project = use(lambda c: c.admin.projects.create(name=unique("spender")))
    wanted: Any = {"name": "k", "project_id": project.id, "tags": {"team": "a"}}
    key = use(lambda c: c.admin.keys.create(**wanted)).id
    caps = use(lambda c: c.admin.keys.spend_caps.set(key, "monthly", limit_usd="2.50"))
    listed = use(lambda c: c.admin.keys.spend_caps.list(key))
    read = use(lambda c: c.admin.keys.spend_caps.get(key, "monthly"))
    use(lambda c: c.admin.keys.spend_caps.delete(key, "monthly"))
    use(lambda c: c.messages.create(model="mock/echo", messages=HELLO))

    assert (caps.limit_usd, read, listed.data) == ("2.5", caps, [caps])
    assert use(lambda c: c.admin.keys.usage(key)).requests == 0
    assert use(lambda c: c.usage.get()).requests > 0
    assert use(lambda c: c.admin.usage.get(group_by="tag:team")).groups
    assert use(lambda c: c.admin.keys.get(key)).tags == {"team": "a"}


def test_the_gateway_tells_how_it_fares(use) -> None:
    """Signals of the key's limits and of the providers, none of which failed."""
    assert use(lambda c: c.resilience.get()).health_score == 1
    assert use(lambda c: c.health.upstreams()).data == []


def test_the_cache_is_read_and_emptied(use) -> None:
    """The operator's two calls; nothing is kept unless it is asked for."""
    use(lambda c: c.messages.create(model="mock/echo", messages=HELLO))

    assert use(lambda c: c.admin.cache.stats()).entries == 0
    assert use(lambda c: c.admin.cache.flush()).deleted == 0


# Runs.


def test_a_run_is_carried_out(use) -> None:
    """A tool-using run gives its result, and is there to be read afterwards."""
    done = use(lambda c: c.runs.create(request=scripted("research")))
    read = use(lambda c: c.runs.get(done.run.id))

    assert done.result.stop_reason == "end_turn"
    assert done.result.tool_call_count == 2
    assert done.run.status == "completed"
    assert read.to_dict() == done.to_dict()


def test_a_streamed_run_comes_to_its_end(twin: Twin, gateway: Gateway) -> None:
    """Events are numbered from 1 without a gap, and the last completes the run."""
    reading = twin.read(
        gateway.url,
        lambda c: c.runs.stream(request=scripted("research")),
        api_key=gateway.api_key,
    )

    numbers = [e.sequence_number for e in reading.events if e.type != "ping"]
    assert reading.error is None
    assert numbers == list(range(1, len(numbers) + 1))
    assert reading.events[-1].type == "run_complete"


def test_a_stream_survives_two_cuts(use, twin: Twin, gateway: Gateway) -> None:
    """The server cuts the connection twice, and each event still comes once."""
    turn = {"text": "One two three four five six seven eight nine ten.", "chunk": 4}
    script = {"turns": [turn], "cut_after": [3, 7]}
    reading = twin.read(
        gateway.url,
        lambda c: c.runs.stream(request=scripted(script)),
        api_key=gateway.api_key,
    )
    run_id = reading.events[0].run_id
    again = twin.read(
        gateway.url, lambda c: c.runs.events(run_id), api_key=gateway.api_key
    )

    numbers = [e.sequence_number for e in reading.events if e.type != "ping"]
    assert reading.error is None
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers == again.numbers


def test_a_run_is_followed_from_a_cursor(use, twin: Twin, gateway: Gateway) -> None:
    """A reader that comes later, in another process even, goes on where one left."""
    script = {"turns": [{"text": "The sea is calm.", "chunk": 4, "delay_ms": 50}]}
    queued = use(lambda c: c.runs.create(request=scripted(script), background=True))
    whole = twin.read(
        gateway.url, lambda c: c.runs.events(queued.run.id), api_key=gateway.api_key
    )
    rest = twin.read(
        gateway.url,
        lambda c: c.runs.events(queued.run.id, starting_after=3),
        api_key=gateway.api_key,
    )
    nothing = twin.read(
        gateway.url,
        lambda c: c.runs.events(queued.run.id, starting_after=whole.numbers[-1]),
        api_key=gateway.api_key,
    )

    assert queued.result is None
    assert rest.numbers == whole.numbers[3:]
    assert (nothing.events, nothing.error) == ([], None)


def test_a_run_is_read_as_far_as_it_is(use, twin: Twin, gateway: Gateway) -> None:
    """What a run has so far is read without waiting for more."""
    turn = {"text": "A long story. " * 50, "chunk": 1, "delay_ms": 50}
    script = {"turns": [turn]}
    queued = use(lambda c: c.runs.create(request=scripted(script), background=True))
    reading = twin.read(
        gateway.url,
        lambda c: c.runs.events(queued.run.id, follow=False),
        api_key=gateway.api_key,
    )
    use(lambda c: c.runs.cancel(queued.run.id))

    assert reading.error is None
    assert "run_complete" not in {event.type for event in reading.events}


def test_a_run_is_cancelled(use, twin: Twin, gateway: Gateway) -> None:
    """Cancelling ends the stream with a result that says so."""
    turn = {"text": "A long story. " * 50, "chunk": 1, "delay_ms": 50}
    script = {"turns": [turn]}
    queued = use(lambda c: c.runs.create(request=scripted(script), background=True))
    use(lambda c: c.runs.cancel(queued.run.id, reason="enough"))
    reading = twin.read(
        gateway.url, lambda c: c.runs.events(queued.run.id), api_key=gateway.api_key
    )

    assert reading.events[-1].type == "run_complete"
    assert reading.events[-1].result.stop_reason == "cancelled"


def test_runs_are_listed(use, twin: Twin) -> None:
    """A filter finds the runs of a session, over as many pages as they take."""
    session = unique("session").replace(" ", "_")
    for _ in range(3):
        use(lambda c: c.runs.create(request=scripted("text"), session_id=session))
    made = all_items(twin, lambda c: c.runs.list(session_id=session, limit=2))

    assert len(use(made)) == 3


# Models and health.


def test_models_are_listed_and_read(use) -> None:
    """A model's id has a slash, in its path too."""
    models = use(lambda c: c.models.list())
    model = use(lambda c: c.models.get("mock/script"))

    assert model.id in [each.id for each in models.data]


def test_models_are_recommended_and_tokens_priced(use) -> None:
    """The cheaper model is recommended, and what it costs is exact."""
    candidates = ["gpt-4o", "gpt-4o-mini"]
    best = use(lambda c: c.models.recommend(strategy="cost", candidates=candidates))
    counted = use(lambda c: c.tokens.count(model="echo", texts=["abcde", ""]))
    model = best.model.id
    cost = use(lambda c: c.tokens.cost(model=model, input_tokens=10, output_tokens=1))

    assert model == "openai/gpt-4o-mini"
    assert counted.per_item == [2, 0]
    assert cost.total_cost == 0.0000021


def test_a_provider_is_set_and_taken_away(use) -> None:
    """A manifest is validated, set, listed and deleted."""
    wrong = {"name": "Nowhere", "dialect": "openai-chat"}
    manifest: Any = {**wrong, "base_url": "http://127.0.0.1:11434/v1"}
    verdict = use(lambda c: c.admin.protocols.validate(body=wrong))
    made = use(lambda c: c.admin.protocols.put("boathouse", **manifest))
    listed = use(lambda c: c.protocols.list())
    use(lambda c: c.admin.protocols.delete("boathouse"))

    assert [issue.pointer for issue in verdict.issues] == ["/base_url"]
    assert made.source == "stored"
    assert "boathouse" in [each.id for each in listed.data]
    with pytest.raises(NotFoundError):
        use(lambda c: c.protocols.get("boathouse"))


def test_vectors_are_the_same_in_both_encodings(use) -> None:
    """The vectors of an answer are its numbers, in base64 as singles."""
    request = {"model": "mock/embed", "input": ["one text", "another"]}
    plain = use(lambda client: client.embeddings.create(**request))
    packed = use(
        lambda client: client.embeddings.create(**request, encoding_format="base64")
    )
    one, other = vectors.vectors_of(plain)

    assert vectors.vectors_of(packed) == [pytest.approx(one), pytest.approx(other)]
    (nearest,) = vectors.find_most_similar(one, [other, one], top_k=1)
    assert nearest.index == 1


def test_health_needs_no_key(use) -> None:
    """Liveness, readiness and both documents are open."""
    live = use(lambda c: c.health.live(), api_key=None)
    ready = use(lambda c: c.health.ready(), api_key=None)
    spec = use(lambda c: c.health.spec(), api_key=None)
    events = use(lambda c: c.health.event_spec(), api_key=None)

    assert live.strip() == "ok"
    assert ready.ok is True
    assert spec["openapi"].startswith("3.1")
    assert "$defs" in events


# Administration.


def test_an_admin_key_says_what_it_is(use) -> None:
    """Its role and scopes, and that the settings hold it."""
    seen = use(lambda c: c.admin.whoami())

    assert (seen.role, seen.scopes, seen.source) == ("admin", ["*"], "settings")


def test_a_project_lives_and_dies(use, twin: Twin) -> None:
    """A project is created, read, renamed, listed, purged and deleted."""
    name, other = unique("Old name"), unique("New name")
    project = use(lambda c: c.admin.projects.create(name=name, metadata={"a": 1}))
    use(lambda c: c.admin.projects.update(project.id, name=other))
    read = use(lambda c: c.admin.projects.get(project.id))
    listed = use(all_items(twin, lambda c: c.admin.projects.list(limit=100)))
    purged = use(lambda c: c.admin.projects.purge(project.id))
    use(lambda c: c.admin.projects.delete(project.id))

    assert (read.name, read.metadata, purged.deleted.runs) == (other, {"a": 1}, 0)
    assert project.id in [each.id for each in listed]
    with pytest.raises(NotFoundError):
        use(lambda c: c.admin.projects.get(project.id))


def test_a_key_lives_and_dies(use, twin: Twin) -> None:
    """A key's secret is shown once; it opens until it is rotated, revoked, deleted."""
    project = use(lambda c: c.admin.projects.create(name=unique("Keys")))
    key = use(lambda c: c.admin.keys.create(name="k", project_id=project.id))
    listed = use(
        first_page(twin, lambda c: c.admin.keys.list(project_id=project.id, limit=5))
    )
    use(lambda c: c.admin.keys.update(key.id, name="renamed"))
    rotated = use(lambda c: c.admin.keys.rotate(key.id))
    read = use(lambda c: c.admin.keys.get(rotated.id))
    opens = use(lambda c: c.models.list(), api_key=rotated.secret)
    revoked = use(lambda c: c.admin.keys.revoke(rotated.id))

    assert [each.id for each in listed.data] == [key.id]
    assert listed.has_more is False
    assert read.name == "renamed"
    assert not hasattr(read, "secret")
    assert opens.data
    assert revoked.status == "revoked"
    with pytest.raises(AuthenticationError):
        use(lambda c: c.models.list(), api_key=rotated.secret)
    use(lambda c: c.admin.keys.delete(rotated.id))
    with pytest.raises(NotFoundError):
        use(lambda c: c.admin.keys.get(rotated.id))


def test_pages_go_on_by_themselves(use, twin: Twin) -> None:
    """A list of five in pages of two is five items, or three pages."""
    project = use(lambda c: c.admin.projects.create(name=unique("Pages")))

    def create(name):
        return lambda client: client.admin.keys.create(name=name, project_id=project.id)

    for number in range(5):
        use(create(f"k{number}"))

    def listed(client):
        return client.admin.keys.list(project_id=project.id, limit=2)

    def pages(client):
        return listed(client).pages()

    names = [key.name for key in use(all_items(twin, listed))]
    sizes = [len(page) for page in use(all_items(twin, pages))]

    assert sorted(names) == ["k0", "k1", "k2", "k3", "k4"]
    assert sizes == [2, 2, 1]


# Refusals.


@pytest.mark.parametrize(
    ("make", "settings", "error"),
    [
        (lambda c: c.models.list(), {"api_key": "wrong"}, AuthenticationError),
        (lambda c: c.models.get("no/model"), {}, NotFoundError),
        (
            lambda c: c.messages.create(model="mock/echo", messages=[]),
            {},
            BadRequestError,
        ),
        (lambda c: c.runs.get("run_" + "0" * 26), {}, NotFoundError),
    ],
    ids=["key", "model", "body", "run"],
)
def test_refusals_have_their_class(use, make, settings, error) -> None:
    """What the gateway refuses is raised as the class of its code."""
    with pytest.raises(error) as caught:
        use(make, **settings)

    assert caught.value.request_id.startswith("req_")
    assert caught.value.code


def test_a_gateway_key_opens_no_admin_route(use, gateway: Gateway) -> None:
    """The admin routes want the admin key and nothing else."""
    wrong = {"admin_key": gateway.api_key}
    with pytest.raises((AuthenticationError, PermissionDeniedError)):
        use(lambda c: c.admin.projects.get("proj_x"), **wrong)


def test_an_idempotency_key_is_one_run(use) -> None:
    """The same key gives the same run, and another body under it is refused."""
    key = secrets.token_hex(8)
    options: Any = {"idempotency_key": key}
    first = use(lambda c: c.runs.create(request=scripted("text"), options=options))
    second = use(lambda c: c.runs.create(request=scripted("text"), options=options))

    assert first.run.id == second.run.id
    with pytest.raises(ConflictError):
        use(lambda c: c.runs.create(request=scripted("research"), options=options))


def test_an_error_in_a_run_is_raised(twin: Twin, gateway: Gateway) -> None:
    """A provider that fails in mid-run ends the stream with its error's class."""
    script = {"turns": [{"text": "x"}], "faults": {"http": {"status": 503}}}
    reading = twin.read(
        gateway.url,
        lambda c: c.runs.stream(request=scripted(script)),
        api_key=gateway.api_key,
    )

    assert type(reading.error).__name__ == "OverloadedError"
    assert [event.type for event in reading.events][:1] == ["run_start"]


def test_operations_that_no_other_test_calls_are_where_they_say(
    use, twin: Twin, gateway: Gateway
) -> None:
    """Each is called with the document's example, and the gateway knows it."""
    for operation in missing(RECORDERS[twin.is_async]):
        status = None
        try:
            use(lambda c, operation=operation: call(c, operation))
        except APIError as error:
            status = error.status_code
        assert status not in {405, 500}, operation.name


def test_every_operation_was_called(twin: Twin) -> None:
    """What the specification declares, either client has asked the gateway for."""
    assert [each.name for each in missing(RECORDERS[twin.is_async])] == []
