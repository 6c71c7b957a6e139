import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import {
  anthropic,
  APITimeoutError,
  ConfigurationError,
  Headgate,
  logging,
  openai,
  PermissionDeniedError,
  RawCalls,
  RequestCancelledError,
  scopeOf,
  trace,
  withUpstreamKey,
  type Logger,
} from "../../generated/typescript/src/index.js";
import { pollUntilDecided } from "../../generated/typescript/src/runtime/waiting.js";
import type { CallOptions, Transport } from "../../generated/typescript/src/runtime/transport.js";

const KEY = "hg_v1_secret";

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

test("the key of a scope is never shown", async () => {
  const lines: string[] = [];
  const write = (message: string, fields: object): void =>
    void lines.push(message + JSON.stringify(fields));
  const logger: Logger = { debug: write, info: write, warn: write };
  const refused = (): Response =>
    Response.json({ error: { message: "not k-of-mine" } }, { status: 400 });
  const { client, sent } = clientFor(refused, {
    extensions: [logging({ logger, logLevel: "debug" })],
  });
  const scoped = trace(withUpstreamKey(client, "k-of-mine"), { sessionId: "s1" });

  const error: unknown = await scoped.models.list().catch((raised: unknown) => raised);

  assert.deepEqual(told(sent, "X-Upstream-Authorization", "X-Session-ID"), [
    ["Bearer k-of-mine", "s1"],
  ]);
  assert.deepEqual(scopeOf(scoped), { scheme: "Bearer", sessionId: "s1" });
  assert.ok(lines.length > 0);
  assert.ok(!`${String(error)} ${lines.join()}`.includes("k-of-mine"));
});

test("a path is put behind the upstream, and its answer comes back", async () => {
  const { client, sent } = clientFor(() => Response.json({ id: "cus_1" }, { status: 201 }));

  const calls = new RawCalls(client);
  const answer = await calls.post("/v1/customers", { json: { name: "Ann" }, query: { x: 1 } });
  await calls.get("/v1/proxy/services/crm/people?of=a b");
  await calls.put("files/1", {
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

  const answer = await new RawCalls(client).get("/things/1");

  assert.deepEqual([answer.status, answer.ok, answer.text, sent.length], [503, false, "busÿ", 3]);
});

test("what the gateway itself refuses is raised", async () => {
  const { client } = clientFor(() =>
    Response.json(
      { error: { type: "permission_error", message: "no" } },
      { status: 403, headers: { "X-Headgate-Error": "true" } },
    ),
  );

  await assert.rejects(
    new RawCalls(client).patch("/things/1", { json: {} }),
    PermissionDeniedError,
  );
});

test("dots do not lead elsewhere", async () => {
  const { client, sent } = clientFor();

  for (const path of ["/../v1/admin/keys", "/v1/proxy/%2e%2E/admin", "a/./b", ".."]) {
    await assert.rejects(new RawCalls(client).get(path), ConfigurationError);
  }

  assert.deepEqual(sent, []);
});

const RULE = { field: "status", pending: ["pending"], most: 60 };
const waiting = { settings: { timeouts: { firstByte: 10 } } } as unknown as Transport;

test("a wait asks until something is decided, with time for the server to wait", async () => {
  const asked: [number, number | undefined][] = [];
  const ask = async (seconds: number, { timeouts }: CallOptions): Promise<{ status: string }> => {
    asked.push([seconds, timeouts?.firstByte]);
    return { status: asked.length < 3 ? "pending" : "approved" };
  };

  const found = await pollUntilDecided(waiting, RULE, ask, { timeout: 3_600_000 });

  assert.deepEqual(found, { status: "approved" });
  assert.deepEqual(asked, Array(3).fill([60, 60_010]));
});

test("a wait without a decision ends with the error of its timeout", async () => {
  const ask = async (): Promise<{ status: string }> => ({ status: "pending" });

  await assert.rejects(
    pollUntilDecided(waiting, RULE, ask, { timeout: 0 }),
    (error) => error instanceof APITimeoutError && error.phase === "total",
  );
});

test("a server that does not wait itself is asked twice a second, until the last second too", async () => {
  const asked: number[] = [];
  const ask = async (seconds: number): Promise<{ status: string }> => {
    asked.push(seconds);
    return { status: "pending" };
  };

  await assert.rejects(pollUntilDecided(waiting, RULE, ask, { timeout: 1_200 }), APITimeoutError);

  assert.deepEqual(asked.slice(0, 2), [2, 1]);
  assert.ok(asked.length <= 4, `asked ${asked.length} times`);
});

test("a wait that is cancelled between two questions ends at once", async () => {
  const controller = new AbortController();
  const ask = async (): Promise<{ status: string }> => {
    setTimeout(() => controller.abort("leaving"), 1);
    return { status: "pending" };
  };

  await assert.rejects(
    pollUntilDecided(waiting, RULE, ask, { signal: controller.signal }),
    (error) => error instanceof RequestCancelledError && error.reason === "leaving",
  );
});

test("vendors' clients are made with the settings of ours", async () => {
  const { client } = clientFor(undefined, {
    headers: { "X-Team": "blue" },
    retry: { maxAttempts: 5 },
  });
  const theirs = openai(trace(client, { sessionId: "s1" }), OpenAI);
  const other = anthropic(client, Anthropic);

  assert.ok(theirs instanceof OpenAI);
  assert.deepEqual(
    [theirs.baseURL, theirs.apiKey, theirs.maxRetries, theirs.timeout],
    ["http://gateway.test/base/v1", KEY, 4, 600_000],
  );
  assert.deepEqual(
    [other.baseURL, other.apiKey, other.authToken],
    ["http://gateway.test/base", null, KEY],
  );
  const { req } = await theirs.buildRequest({ method: "get", path: "/models" });
  const headers = new Headers(req.headers);
  assert.deepEqual(
    ["X-Team", "X-Session-ID", "Authorization"].map((name) => headers.get(name)),
    ["blue", "s1", `Bearer ${KEY}`],
  );
});

test("a client can be made of the environment alone", () => {
  assert.ok(Headgate.fromEnv() instanceof Headgate);
});
