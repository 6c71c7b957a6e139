"""Answers that are not there yet are read, and what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.surface import Blocking, Refusal, StoredAnswer

if TYPE_CHECKING:
    from .conftest import ReadApi

_BODY = "{schema: {type: object, properties: {task: {type: string}}}}"
_JSON = f"content: {{application/json: {_BODY}}}"
_PATHS = f"""
/tasks:
  post:
    operationId: tasks.create
    responses:
      "200": {{description: Done., {_JSON}}}
      "202": {{description: Not yet., x-pending: true, {_JSON}}}
/tasks/{{task}}:
  get:
    operationId: tasks.get
    parameters:
      - {{name: task, in: path, required: true, schema: {{type: string}}}}
      - {{name: wait, in: query, schema: {{type: integer}}}}
    responses:
      "200":
        description: The task.
        content: {{application/json: {{schema: {{$ref: '#/components/schemas/Task'}}}}}}
"""
_SCHEMAS = """
Task:
  type: object
  properties:
    id: {type: string}
    state: {type: string}
    answer:
      anyOf: [{$ref: '#/components/schemas/Answer'}, {type: 'null'}]
Answer:
  type: object
  properties: {status: {type: integer}, headers: {}, body: {}, as: {}}
"""
_EXTRA = """
x-errors:
  classes:
    - {name: Pending, pending: true, details: {task: {type: string}}}
    - {name: Refused, status: [403], type: [permission]}
    - {name: Rejected, parent: Refused, code: [rejected], doc: No.}
    - {name: Late, status: [504]}
x-calls: {under: /beyond, pending: X-Task}
x-waits:
  wait_for_task:
    operation: tasks.get
    query: wait
    field: state
    pending: [asked]
    call:
      id: task
      response:
        {at: answer, status: status, headers: headers, body: body, encoding: as}
      answers: {done: result, refused: Rejected}
      timeout: Late
      details: {task: id}
"""


def test_pending_answers_are_no_results(read_api: ReadApi) -> None:
    """Their statuses stand apart, and one class of error stands for them all."""
    api = read_api(_SCHEMAS, paths=_PATHS, extra=_EXTRA)
    create, get = api.operations
    found = api.errors.pending

    assert (create.pending, get.pending) == ((202,), ())
    assert create.result is not None
    assert create.result.statuses == ("200",)
    assert found is not None
    assert (found.name, [each.name for each in found.details]) == ("Pending", ["task"])


def test_a_class_of_pending_answers_is_added(read_api: ReadApi) -> None:
    """A document that names none gets one, unless nothing can be pending."""
    added = read_api(_SCHEMAS, paths=_PATHS).errors.pending

    assert added is not None
    assert added.name == "PendingError"
    assert read_api().errors.pending is None


def test_waits_are_options_of_calls(read_api: ReadApi) -> None:
    """What was decided is the stored answer or an error as the API would have made."""
    surface = read_api(_SCHEMAS, paths=_PATHS, extra=_EXTRA).surface
    wait, calls = surface.blocking, surface.calls

    assert calls is not None
    assert calls.pending == "X-Task"
    assert wait is not None
    assert wait.blocking == Blocking(
        option="wait_for_task",
        id="task",
        answer=StoredAnswer("answer", "status", "headers", "body", "as"),
        granted=("done",),
        refusals=(
            ("refused", Refusal("Rejected", 403, "permission", "rejected", "No.")),
        ),
        late=Refusal("Late", 504, None, None, ""),
        details=(("task", "id"),),
    )
