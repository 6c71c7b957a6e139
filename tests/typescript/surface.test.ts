import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import {
  APITimeoutError,
  ConfigurationError,
  Headgate,
  PermissionDeniedError,
  type Logger,
} from "../../generated/typescript/src/index.js";
import { untilDecided } from "../../generated/typescript/src/runtime/waiting.js";
import type { CallOptions, Transport } from "../../generated/typescript/src/runtime/transport.js";

const KEY = "hg_v1_secret";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Sent {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

function clientFor(
  answer: () => Response = () => Response.json({ ok: true }),
  options: object = {},
): { client: Headgate; sent: Sent[] } {
  const sent: Sent[] = [];
  const client = new Headgate({
    baseUrl: "http://gateway.test/base/",
    apiKey: KEY,
    retry: { baseDelay: 0, throttledDelay: 0 },
    fetch: async (url, { method, headers, body }) => {
      sent.push({ method, url, headers: new Headers(headers), body });
      return answer();
    },
    ...options,
  });
  return { client, sent };
}

const told = (sent: readonly Sent[], ...names: string[]): (string | null)[][] =>
  sent.map(({ headers }) => names.map((name) => headers.get(name)));

test("the calls of a scope carry its headers, those of its siblings do not", async () => {
  const { client, sent } = clientFor();
  const scoped = client.trace({ sessionId: "s1", agentName: "mail" });

  await scoped.models.list();
  await client.models.list();
  await client.withUpstreamKey("k-of-mine", { scheme: "" }).models.list();
  await scoped.models.list({}, { headers: { "X-Session-ID": null } });

  const names = ["X-Session-ID", "X-Agent-Name", "X-Parent-Span-ID", "X-Upstream-Authorization"];
  assert.deepEqual(told(sent, ...names), [
    ["s1", "mail", null, null],
    [null, null, null, null],
    [null, null, null, "k-of-mine"],
    [null, "mail", null, null],
  ]);
});

test("a session is made where none is given, and a scope inside keeps it", () => {
  const { client } = clientFor();
  const [outer, other] = [client.trace(), client.trace()];
  const inner = outer.trace({ parentSpanId: "span_1" });

  assert.match(outer.scope["sessionId"] ?? "", UUID);
  assert.deepEqual(inner.scope, { ...outer.scope, parentSpanId: "span_1" });
  assert.notEqual(other.scope["sessionId"], outer.scope["sessionId"]);
  assert.deepEqual(client.scope, {});
  assert.ok(inner instanceof Headgate);
});

test("scopes compose, and the key of one is never shown", async () => {
  const lines: string[] = [];
  const write = (message: string, fields: object): void =>
    void lines.push(message + JSON.stringify(fields));
  const logger: Logger = { debug: write, info: write, warn: write };
  const refused = (): Response =>
    Response.json({ error: { message: "not k-of-mine" } }, { status: 400 });
  const { client, sent } = clientFor(refused, { logger, logLevel: "debug" });
  const scoped = client.withUpstreamKey("k-of-mine").trace({ sessionId: "s1" });

  const error: unknown = await scoped.models.list().catch((raised: unknown) => raised);

  assert.deepEqual(told(sent, "X-Upstream-Authorization", "X-Session-ID"), [
    ["Bearer k-of-mine", "s1"],
  ]);
  assert.deepEqual(scoped.scope, { scheme: "Bearer", sessionId: "s1" });
  assert.ok(lines.length > 0);
  assert.ok(!`${String(error)} ${lines.join()}`.includes("k-of-mine"));
});

test("a path is put behind the upstream, and its answer comes back", async () => {
  const { client, sent } = clientFor(() => Response.json({ id: "cus_1" }, { status: 201 }));

  const answer = await client.post("/v1/customers", { json: { name: "Ann" }, query: { x: 1 } });
  await client.get("/v1/proxy/services/crm/people?of=a b");
  await client.put("files/1", {
    content: new Uint8Array([1, 2]),
    headers: { "Content-Type": "text/csv" },
  });

  assert.deepEqual(
    sent.map(({ method, url }) => `${method} ${url.replace("http://gateway.test/base", "")}`),
    [
      "POST /v1/proxy/upstream/v1/customers?x=1",
      "GET /v1/proxy/services/crm/people?of=a%20b",
      "PUT /v1/proxy/upstream/files/1",
    ],
  );
  assert.equal(sent[0]?.body, '{"name":"Ann"}');
  assert.equal(sent[0]?.headers.get("Authorization"), `Bearer ${KEY}`);
  assert.ok(sent[0]?.headers.get("Idempotency-Key"));
  assert.deepEqual(sent[2]?.body, new Uint8Array([1, 2]));
  assert.equal(sent[2]?.headers.get("Content-Type"), "text/csv");
  assert.deepEqual([answer.status, answer.ok, answer.json()], [201, true, { id: "cus_1" }]);
});

test("what the upstream refuses comes back, after as many attempts as any call", async () => {
  const { client, sent } = clientFor(
    () => new Response(new Uint8Array([98, 117, 115, 195, 191]), { status: 503 }),
  );

  const answer = await client.get("/things/1");

  assert.deepEqual([answer.status, answer.ok, answer.text, sent.length], [503, false, "busÿ", 3]);
});

test("what the gateway itself refuses is raised", async () => {
  const { client } = clientFor(() =>
    Response.json(
      { error: { type: "permission_error", message: "no" } },
      { status: 403, headers: { "X-Headgate-Error": "true" } },
    ),
  );

  await assert.rejects(client.patch("/things/1", { json: {} }), PermissionDeniedError);
});

test("dots do not lead elsewhere", async () => {
  const { client, sent } = clientFor();

  for (const path of ["/../v1/admin/keys", "/v1/proxy/%2e%2E/admin", "a/./b", ".."]) {
    await assert.rejects(client.get(path), ConfigurationError);
  }

  assert.deepEqual(sent, []);
});

test("steps make the request that a literal would, and leave what they were taken from", async () => {
  const { client, sent } = clientFor();
  const start = client.chat.completions.builder("mock/echo").system("Be brief.");
  const asked = start.user("Hello").temperature(0.2);

  await asked.execute();

  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hello" },
  ];
  const literal = { model: "mock/echo", messages, temperature: 0.2 };
  assert.deepEqual(asked.request(), literal);
  assert.deepEqual(JSON.parse(String(sent[0]?.body)), { ...literal, stream: false });
  assert.deepEqual(start.request().messages, messages.slice(0, 1));
});

test("the same steps stream, and turns of every kind are turns", async () => {
  const done = (): Response =>
    new Response("data: [DONE]\n\n", { headers: { "Content-Type": "text/event-stream" } });
  const { client, sent } = clientFor(done);
  const asked = client.chat.completions
    .builder("m")
    .developer("d")
    .messages([{ role: "user", content: [{ type: "text", text: "u" }] }])
    .assistant(null)
    .tool("42", "call_1")
    .stop(["x"])
    .param("user", "ann");

  await asked.stream().untilDone();

  assert.deepEqual(JSON.parse(String(sent[0]?.body)), {
    model: "m",
    messages: [
      { role: "developer", content: "d" },
      { role: "user", content: [{ type: "text", text: "u" }] },
      { role: "assistant", content: null },
      { role: "tool", content: "42", tool_call_id: "call_1" },
    ],
    stop: ["x"],
    user: "ann",
    stream: true,
  });
});

const RULE = { field: "status", pending: ["pending"], most: 60 };
const waiting = { settings: { timeouts: { firstByte: 10 } } } as unknown as Transport;

test("a wait asks until something is decided, with time for the server to wait", async () => {
  const asked: [number, number | undefined][] = [];
  const ask = async (seconds: number, { timeouts }: CallOptions): Promise<{ status: string }> => {
    asked.push([seconds, timeouts?.firstByte]);
    return { status: asked.length < 3 ? "pending" : "approved" };
  };

  const found = await untilDecided(waiting, RULE, ask, { timeout: 3_600_000 });

  assert.deepEqual(found, { status: "approved" });
  assert.deepEqual(asked, Array(3).fill([60, 60_010]));
});

test("a wait without a decision ends with the error of its timeout", async () => {
  const ask = async (): Promise<{ status: string }> => ({ status: "pending" });

  await assert.rejects(
    untilDecided(waiting, RULE, ask, { timeout: 0 }),
    (error) => error instanceof APITimeoutError && error.phase === "total",
  );
});

test("vendors' clients are made with the settings of ours", async () => {
  const { client } = clientFor(undefined, {
    headers: { "X-Team": "blue" },
    retry: { maxAttempts: 5 },
  });
  const openai = client.trace({ sessionId: "s1" }).openai(OpenAI);
  const anthropic = client.anthropic(Anthropic);

  assert.ok(openai instanceof OpenAI);
  assert.deepEqual(
    [openai.baseURL, openai.apiKey, openai.maxRetries, openai.timeout],
    ["http://gateway.test/base/v1", KEY, 4, 600_000],
  );
  assert.deepEqual(
    [anthropic.baseURL, anthropic.apiKey, anthropic.authToken],
    ["http://gateway.test/base", null, KEY],
  );
  const { req } = await openai.buildRequest({ method: "get", path: "/models" });
  const headers = new Headers(req.headers);
  assert.deepEqual(
    ["X-Team", "X-Session-ID", "Authorization"].map((name) => headers.get(name)),
    ["blue", "s1", `Bearer ${KEY}`],
  );
});

test("a client can be made of the environment alone", () => {
  assert.ok(Headgate.fromEnv() instanceof Headgate);
});
