import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import {
  APIConnectionError,
  Headgate,
  HeadgateError,
  logging,
  type ClientOptions,
  type Interceptor,
  type Logger,
} from "../../generated/typescript/src/index.js";

const MODEL = { id: "mock/echo", object: "model" };
const BUSY = { error: { type: "overloaded_error", code: "overloaded", message: "busy" } };

interface Sent {
  readonly url: string;
  readonly headers: Headers;
}

/** A client whose requests are answered in turn; the last answer stays. */
function clientFor(
  answers: readonly (() => Response | Promise<Response>)[],
  options: ClientOptions = {},
): { client: Headgate; sent: Sent[] } {
  const sent: Sent[] = [];
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    retry: { throttledDelay: 0, baseDelay: 0 },
    fetch: async (url, { headers }) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)];
      sent.push({ url, headers: new Headers(headers) });
      return (answer as () => Response | Promise<Response>)();
    },
    ...options,
  });
  return { client, sent };
}

const answered = (): Response => Response.json(MODEL, { headers: { "X-Request-ID": "req_1" } });
const busy = (): Response => Response.json(BUSY, { status: 503 });

/** Writes down what an interceptor is told. */
function diary(name: string, told: string[]): Interceptor {
  return {
    beforeRequest: ({ method, attempt }) => void told.push(`${name} before ${method} ${attempt}`),
    afterResponse: ({ status, requestId }) =>
      void told.push(`${name} after ${status} ${requestId}`),
    onError: (error, { attempt }) => void told.push(`${name} error ${error.name} ${attempt}`),
    onRetry: (attempt, delay, cause) =>
      void told.push(`${name} retry ${attempt} ${delay} ${cause.message}`),
    onStreamEvent: (event) => void told.push(`${name} ${(event as { type: string }).type}`),
  };
}

test("interceptors are told of every attempt, the client's before the call's", async () => {
  const told: string[] = [];
  const { client } = clientFor([busy, answered], { interceptors: [diary("a", told)] });

  await client.models.get("m", { interceptors: [diary("b", told)] });

  assert.deepEqual(told, [
    "a before GET 1",
    "b before GET 1",
    "a after 503 undefined",
    "b after 503 undefined",
    "a retry 1 0 busy",
    "b retry 1 0 busy",
    "a before GET 2",
    "b before GET 2",
    "a after 200 req_1",
    "b after 200 req_1",
  ]);
});

test("an interceptor is told of the error that a call raises", async () => {
  const told: string[] = [];
  const { client } = clientFor([busy], { interceptors: [diary("a", told)] });

  await assert.rejects(client.models.get("m", { maxAttempts: 1 }), HeadgateError);

  assert.match(told.at(-1) ?? "", /^a error \w+Error 1$/);
});

test("an interceptor is told of an answer that does not parse", async () => {
  const told: string[] = [];
  const { client } = clientFor([() => new Response("{")], { interceptors: [diary("a", told)] });

  await assert.rejects(client.models.get("m"), HeadgateError);

  assert.equal(told.at(-1), "a error ResponseDecodeError 1");
});

test("what an interceptor does to the headers of an attempt is sent, once", async () => {
  const { client, sent } = clientFor([busy, answered], {
    interceptors: [{ beforeRequest: ({ headers }) => headers.append("X-Note", "n") }],
  });

  await client.models.get("m");

  assert.deepEqual(
    sent.map(({ headers }) => headers.get("X-Note")),
    ["n", "n"],
  );
});

for (const hook of ["beforeRequest", "afterResponse", "onRetry"] as const) {
  test(`what ${hook} throws reaches the caller as it is, and nothing is repeated`, async () => {
    const fault = new Error("of the caller's own");
    const interceptor = { [hook]: () => Promise.reject(fault) };
    const { client, sent } = clientFor([busy], { interceptors: [interceptor] });

    await assert.rejects(client.models.get("m"), (error) => error === fault);

    assert.equal(sent.length, hook === "beforeRequest" ? 0 : 1);
  });
}

test("what onError throws reaches the caller as it is", async () => {
  const fault = new Error("of the caller's own");
  const missing = (): Response => Response.json(BUSY, { status: 404 });
  const onError = (): Promise<void> => Promise.reject(fault);
  const { client } = clientFor([missing], { interceptors: [{ onError }] });

  await assert.rejects(client.models.get("m"), (error) => error === fault);
});

/** An answer without an end, which tells when nobody reads it any more. */
function endless(type: string, text: string): { answer: () => Response; isFreed: () => boolean } {
  let isFreed = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    cancel: () => void (isFreed = true),
  });
  const headers = { "Content-Type": type };
  return { answer: () => new Response(body, { headers }), isFreed: () => isFreed };
}

test("an answer whose hook fails is not read, and frees its connection", async () => {
  const { answer, isFreed } = endless("application/json", "{");
  const afterResponse = (): Promise<void> => Promise.reject(new Error("of the caller's own"));
  const { client } = clientFor([answer], { interceptors: [{ afterResponse }] });

  await assert.rejects(client.models.get("m"), /own/);

  assert.ok(isFreed());
});

for (const hook of ["afterResponse", "onError", "onStreamEvent"] as const) {
  test(`a stream frees its connection when ${hook} fails`, async () => {
    const event = hook === "onError" ? "{" : JSON.stringify({ type: "message_stop_not" });
    const { answer, isFreed } = endless("text/event-stream", `data: ${event}\n\n`);
    const fault = new Error("of the caller's own");
    const interceptor = { [hook]: () => Promise.reject(fault) };
    const { client } = clientFor([answer], { interceptors: [interceptor] });

    const read = client.messages.stream({ model: "m", messages: [] }).untilDone();

    await assert.rejects(read, (error) => error === fault);
    assert.ok(isFreed());
  });
}

const EVENTS = [
  { type: "message_start", message: { id: "msg_1", content: [], usage: {} } },
  { type: "message_stop" },
];

function streamed(events: readonly object[]): () => Response {
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return () => new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}

test("an interceptor sees an event of a stream before it is given out", async () => {
  const told: string[] = [];
  const { client } = clientFor([streamed(EVENTS)], { interceptors: [diary("a", told)] });

  for await (const event of client.messages.stream({ model: "m", messages: [] })) {
    told.push(`given ${event.type}`);
  }

  assert.deepEqual(told.slice(2), [
    "a message_start",
    "given message_start",
    "a message_stop",
    "given message_stop",
  ]);
});

test("what onStreamEvent throws reaches who reads the stream", async () => {
  const fault = new Error("of the caller's own");
  const onStreamEvent = (): Promise<void> => Promise.reject(fault);
  const { client } = clientFor([streamed(EVENTS)], { interceptors: [{ onStreamEvent }] });

  const read = client.messages.stream({ model: "m", messages: [] }).final();

  await assert.rejects(read, (error) => error === fault);
});

test("the headers of the present trace are sent, and the call's own win", async () => {
  let calls = 0;
  const { client, sent } = clientFor([answered], {
    traceContext: () => ({ traceparent: `00-${(calls += 1)}`, tracestate: undefined }),
  });

  await client.models.get("m");
  await client.models.get("m", { headers: { traceparent: "00-own" } });

  assert.deepEqual(
    sent.map(({ headers }) => [headers.get("traceparent"), headers.get("tracestate")]),
    [
      ["00-1", null],
      ["00-own", null],
    ],
  );
});

type Line = readonly [level: string, message: string, fields: Readonly<Record<string, unknown>>];

function notebook(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write =
    (level: string) =>
    (message: string, fields: object): void =>
      void lines.push([level, message, fields as Line[2]]);
  return { lines, logger: { debug: write("debug"), info: write("info"), warn: write("warn") } };
}

test("attempts, repetitions and ends of streams are logged at their levels", async () => {
  const { logger, lines } = notebook();
  const { client } = clientFor([busy, answered], {
    extensions: [logging({ logger, logLevel: "debug" })],
  });
  const streams = clientFor([streamed(EVENTS)], {
    extensions: [logging({ logger, logLevel: "debug" })],
  }).client;

  await client.models.get("m");
  await streams.messages.stream({ model: "m", messages: [] }).final();

  assert.deepEqual(
    lines.map(([level, message, { status }]) => [level, message, status]),
    [
      ["debug", "answered", 503],
      ["info", "trying again", undefined],
      ["debug", "answered", 200],
      ["debug", "answered", 200],
      ["debug", "stream ended", undefined],
    ],
  );
});

for (const [level, expected] of [
  ["debug", ["answered", "trying again", "answered"]],
  ["info", ["trying again"]],
  ["warn", []],
  ["off", []],
] as const) {
  test(`the environment sets the log to ${level}`, async () => {
    const { logger, lines } = notebook();
    process.env["HEADGATE_LOG"] = level;
    try {
      await clientFor([busy, answered], { extensions: [logging({ logger })] }).client.models.get(
        "m",
      );
    } finally {
      delete process.env["HEADGATE_LOG"];
    }

    assert.deepEqual(
      lines.map(([, message]) => message),
      expected,
    );
  });
}

const CANARIES = {
  apiKey: "canary-api-key",
  adminKey: "canary-admin-key",
  providerKey: "canary-provider-key",
  clientHeader: "canary-client-header",
  callHeader: "canary-call-header",
  callProviderKey: "canary-call-provider",
  query: "canary-query",
  cookie: "canary-cookie",
};

/** Everything of an error, a client and a log that a program may print. */
function printed(...values: readonly unknown[]): string {
  return values.map((value) => inspect(value, { depth: 20 }) + JSON.stringify(value)).join("\n");
}

const LEAKS: Readonly<Record<string, (said: string) => Response | Promise<Response>>> = {
  "the message of an error": (said) =>
    Response.json({ error: { ...BUSY.error, message: said } }, { status: 400 }),
  "the details of an error": (said) =>
    Response.json({ error: { ...BUSY.error, details: { said } } }, { status: 400 }),
  "a header of an answer": (said) =>
    new Response("", { status: 400, headers: { "Set-Cookie": said, "X-Note": said } }),
  "the body of an answer": (said) => new Response(said, { status: 400 }),
  "a text that is no JSON": (said) => new Response(`{${said.repeat(3)}`),
  "the error of a transport": (said) => Promise.reject(new Error(said)),
};

const LEAKING = Object.entries(LEAKS).flatMap(([place, leak]) => [
  { place, leak, isLogged: true },
  { place: `${place}, without a log`, leak, isLogged: false },
]);

for (const { place, leak, isLogged } of LEAKING) {
  test(`no secret is shown when the server or the transport puts it into ${place}`, async () => {
    const { logger, lines } = notebook();
    const said = Object.values(CANARIES).join(" ");
    const { client, sent } = clientFor([() => leak(said)], {
      apiKey: CANARIES.apiKey,
      adminKey: CANARIES.adminKey,
      providerKeys: { openai: CANARIES.providerKey },
      headers: { "X-Client-Token": CANARIES.clientHeader },
      extensions: isLogged ? [logging({ logger, logLevel: "debug" })] : [],
    });

    const call = client.models.get("m", {
      headers: { "X-Call-Secret": CANARIES.callHeader, Cookie: CANARIES.cookie },
      providerKeys: { groq: CANARIES.callProviderKey },
      query: { access_token: CANARIES.query },
    });
    const error: unknown = await call.catch((raised: unknown) => raised);

    assert.ok(error instanceof HeadgateError, String(error));
    assert.ok(sent[0]?.url.includes(CANARIES.query));
    assert.equal(lines.length > 0, isLogged);
    const shown = printed(error, client, lines);
    const leaked = Object.values(CANARIES).filter((secret) => shown.includes(secret));
    assert.deepEqual(leaked, []);
  });
}

test("the cause of a connection's failure stays when it holds no secret", async () => {
  const cause = new Error("the cable is cut");
  const { client } = clientFor([() => Promise.reject(cause)]);

  const call = client.models.get("m", { maxAttempts: 1 });

  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof APIConnectionError);
    return error.cause === cause;
  });
});

/** An answer whose body breaks off after its first piece. */
function brokenOff(status: number, piece: string): Response {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(piece));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { status, headers: { "X-Request-ID": "req_1" } });
}

for (const [status, name, count] of [
  [400, "BadRequestError", 1],
  [401, "AuthenticationError", 1],
  [409, "ConflictError", 1],
  [503, "OverloadedError", 3],
] as const) {
  test(`an error of status ${status} stays one when its body breaks off`, async () => {
    const told: string[] = [];
    const answer = (): Response => brokenOff(status, '{"error": {"mess');
    const { client, sent } = clientFor([answer], { interceptors: [diary("a", told)] });

    await assert.rejects(client.models.get("m"), { name, status, requestId: "req_1" });

    assert.equal(sent.length, count);
    assert.equal(told.at(-1), `a error ${name} ${count}`);
  });
}

test("a call that is cancelled while it reads an error is cancelled", async () => {
  const told: string[] = [];
  const controller = new AbortController();
  const stalled = (): Response =>
    new Response(new ReadableStream({ pull: () => controller.abort("enough") }), { status: 400 });
  const { client, sent } = clientFor([stalled], { interceptors: [diary("a", told)] });

  const call = client.models.get("m", { signal: controller.signal });

  await assert.rejects(call, { name: "RequestCancelledError", reason: "enough" });
  assert.equal(sent.length, 1);
  assert.equal(told.at(-1), "a error RequestCancelledError 1");
});
