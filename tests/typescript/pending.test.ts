import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ApprovalPendingError,
  ApprovalRejectedError,
  ApprovalTimeoutError,
  Headgate,
  RawCalls,
  ResponseDecodeError,
  untilDecided,
  waitForApproval,
  type Interceptor,
} from "../../generated/typescript/src/index.js";

const ANNOUNCED = {
  object: "approval.pending",
  approval_id: "apr_1",
  request_id: "req_1",
  status: "pending",
  expires_at: "2026-11-21T12:00:00Z",
  poll_url: "/v1/approvals/apr_1",
};

const announced = (): Response =>
  Response.json(ANNOUNCED, {
    status: 202,
    headers: { "X-Request-ID": "req_1", "X-Headgate-Approval": "apr_1" },
  });

const approval =
  (status: string, fields: object = {}): (() => Response) =>
  () =>
    Response.json({ id: "apr_1", status, reason: null, response: null, ...fields });

const approved = (status_code: number, body: unknown): (() => Response) =>
  approval("approved", {
    response: { status_code, headers: { "Content-Type": "application/json" }, body },
  });

interface Sent {
  readonly request: string;
  readonly prefer: string | null;
}

/** A client whose requests are answered in turn. */
function clientFor(...answers: (() => Response)[]): { client: Headgate; sent: Sent[] } {
  const sent: Sent[] = [];
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    fetch: async (url, { method, headers }) => {
      const prefer = new Headers(headers).get("Prefer");
      sent.push({ request: `${method} ${url.slice("http://gateway.test".length)}`, prefer });
      const answer = answers[sent.length - 1];
      assert.ok(answer !== undefined, "one request too many");
      return answer();
    },
  });
  return { client, sent };
}

const QUESTION = { model: "m", max_tokens: 8, messages: [] };

test("an answer that is not there yet raises an error with its details, once", async () => {
  const { client, sent } = clientFor(announced);

  await assert.rejects(client.messages.create(QUESTION), (error) => {
    assert.ok(error instanceof ApprovalPendingError);
    const { status, requestId, approvalId, pollUrl, expiresAt } = error;
    assert.deepEqual(
      { status, requestId, approvalId, pollUrl, expiresAt },
      {
        status: 202,
        requestId: "req_1",
        approvalId: "apr_1",
        pollUrl: ANNOUNCED.poll_url,
        expiresAt: ANNOUNCED.expires_at,
      },
    );
    return true;
  });

  assert.deepEqual(sent, [{ request: "POST /v1/messages", prefer: null }]);
});

test("a stream that is not there yet raises the same error", async () => {
  const { client } = clientFor(announced);

  await assert.rejects(client.messages.stream(QUESTION).next(), ApprovalPendingError);
});

test("a raw call raises it where the header says so, and gives any other 202", async () => {
  const { client } = clientFor(announced, () => Response.json({ taken: true }, { status: 202 }));
  const calls = new RawCalls(client);

  await assert.rejects(calls.post("/orders", { json: {} }), ApprovalPendingError);
  const answer = await calls.post("/orders", { json: {} });

  assert.deepEqual([answer.status, answer.json()], [202, { taken: true }]);
});

test("a call that waits gives what was stored once somebody has agreed", async () => {
  const stored = { id: "msg_1", type: "message", content: [] };
  const { client, sent } = clientFor(
    announced,
    approval("pending"),
    approval("approved"),
    approved(200, stored),
  );

  const message = await client.messages.create(QUESTION, {
    waitForApproval: untilDecided(90_000),
  });

  assert.deepEqual(message, stored);
  assert.deepEqual(
    sent.map(({ request }) => request),
    ["POST /v1/messages", ...Array<string>(3).fill("GET /v1/approvals/apr_1?wait=60")],
  );
  assert.equal(sent[0]?.prefer, "wait=60");
});

test("what waits for a raw call gives the stored answer, whatever its status", async () => {
  const { client } = clientFor(announced, approved(409, '{"taken":false}'));

  const answer = await new RawCalls(client).post("/orders", {
    json: {},
    waitForApproval: untilDecided(),
  });

  assert.deepEqual([answer.status, answer.json()], [409, { taken: false }]);
});

test("bytes that are no text come as they were sent", async () => {
  const response = { status_code: 200, headers: {}, body: "/wCAiVBORw==", encoding: "base64" };
  const { client } = clientFor(
    announced,
    approval("approved", { response }),
    announced,
    approval("approved", { response: { ...response, body: "no base64!" } }),
  );
  const calls = new RawCalls(client);
  const waiting = { json: {}, waitForApproval: untilDecided() };

  const answer = await calls.post("/orders", waiting);

  assert.deepEqual([...answer.content], [0xff, 0x00, 0x80, 0x89, 0x50, 0x4e, 0x47]);
  await assert.rejects(calls.post("/orders", waiting), ResponseDecodeError);
});

test("a stored error is raised as the call's own, and nothing is sent again", async () => {
  const body = { error: { type: "overloaded_error", code: "overloaded", message: "busy" } };
  const { client, sent } = clientFor(announced, approved(503, body));

  await assert.rejects(client.messages.create(QUESTION, { waitForApproval: untilDecided() }), {
    name: "OverloadedError",
    status: 503,
  });
  assert.equal(sent.length, 2);
});

test("a stream that waits reads the stored events", async () => {
  const text = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
  const response = {
    status_code: 200,
    headers: { "Content-Type": "text/event-stream" },
    body: text,
  };
  const { client } = clientFor(announced, approval("approved", { response }));

  const stream = client.messages.stream(QUESTION, { waitForApproval: untilDecided() });

  assert.deepEqual(await stream.next(), { done: false, value: { type: "message_stop" } });
});

for (const [state, kind, status] of [
  ["rejected", ApprovalRejectedError, 403],
  ["cancelled", ApprovalRejectedError, 403],
  ["expired", ApprovalTimeoutError, 408],
] as const) {
  test(`a call that waits raises its error when the approval is ${state}`, async () => {
    const { client } = clientFor(announced, approval(state, { reason: "no" }));

    await assert.rejects(
      client.messages.create(QUESTION, { waitForApproval: untilDecided() }),
      (error) => {
        assert.ok(error instanceof kind);
        assert.deepEqual([error.status, error.approvalId], [status, "apr_1"]);
        return true;
      },
    );
  });
}

test("a call whose time is over raises the error of the time", async () => {
  const { client } = clientFor(announced, approval("pending"));

  await assert.rejects(
    client.messages.create(QUESTION, { waitForApproval: untilDecided(0) }),
    (error) => {
      assert.ok(error instanceof ApprovalTimeoutError);
      assert.deepEqual([error.approvalId, error.timeout], ["apr_1", 0]);
      return true;
    },
  );
});

test("a wait outlasts the time that the call itself may take", async () => {
  const stored = { id: "msg_1", type: "message", content: [] };
  const { client, sent } = clientFor(announced, approval("pending"), approved(200, stored));

  const message = await client.messages.create(QUESTION, {
    timeouts: { total: 250 },
    waitForApproval: untilDecided(5_000),
  });

  assert.deepEqual(message, stored);
  assert.equal(sent.length, 3);
});

test("interceptors hear of no error while a call waits, and then of the one it raises", async () => {
  const stored = { id: "msg_1", type: "message", content: [] };
  const { client } = clientFor(
    ...[announced, approved(200, stored)],
    ...[announced, approval("rejected")],
    ...[announced, approved(503, {})],
    announced,
  );
  const told: string[] = [];
  const watch = (name: string): Interceptor => ({
    beforeRequest: ({ method }) => void told.push(`${name} ${method}`),
    onError: (error, { method }) => void told.push(`${name} ${method} ${error.name}`),
  });
  const options = {
    interceptors: [watch("a"), watch("b")],
    waitForApproval: untilDecided(),
  };

  await client.messages.create(QUESTION, options);
  assert.deepEqual(told.splice(0), ["a POST", "b POST", "a GET", "b GET"]);

  await assert.rejects(client.messages.create(QUESTION, options), ApprovalRejectedError);
  const error = "GET ApprovalRejectedError";
  assert.deepEqual(told.splice(4), [`a ${error}`, `b ${error}`]);

  told.length = 0;
  await assert.rejects(client.messages.create(QUESTION, options), { status: 503 });
  assert.deepEqual(told.splice(4), ["a GET OverloadedError", "b GET OverloadedError"]);

  told.length = 0;
  const alone = { interceptors: [watch("a")] };
  await assert.rejects(client.messages.create(QUESTION, alone), ApprovalPendingError);
  assert.deepEqual(told, ["a POST", "a POST ApprovalPendingError"]);
});

test("who waits by himself is given what was decided, also if it was against him", async () => {
  const { client } = clientFor(approval("pending"), approval("rejected", { reason: "no" }));

  const { status, reason } = await waitForApproval(client, "apr_1");

  assert.deepEqual([status, reason], ["rejected", "no"]);
});

for (const [state, options, timeout] of [
  ["expired", {}, undefined],
  ["pending", { timeout: 100 }, 0.1],
] as const) {
  test(`who waits by himself while it is ${state} is given the error of a call`, async () => {
    const { client } = clientFor(approval(state), approval(state));

    await assert.rejects(waitForApproval(client, "apr_1", options), (error) => {
      assert.ok(error instanceof ApprovalTimeoutError);
      const { status, approvalId } = error;
      assert.deepEqual([status, approvalId, error.timeout], [408, "apr_1", timeout]);
      return true;
    });
  });
}
