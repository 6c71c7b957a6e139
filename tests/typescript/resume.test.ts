import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { before } from "node:test";

import {
  APIError,
  APITimeoutError,
  EventStream,
  Headgate,
  HeadgateError,
  ResponseDecodeError,
  StreamError,
  type ClientOptions,
  type MessageStream,
  type RunStream,
} from "../../generated/typescript/src/index.js";
import { decideResume } from "../../templates/typescript/runtime/resume.js";
import {
  defaultRetryPolicy,
  retryAfter,
  type Failure,
} from "../../templates/typescript/runtime/retry.js";
import { joined, readJson, runVectors, type Parts, type VectorFile } from "./vectors.js";
import { flushed, WireServer, writeChunk, writeHead, type WireRequest } from "./wire.js";

interface RecordedFrame {
  readonly event: string;
  readonly id?: string;
  readonly data: string;
}

interface Recording {
  readonly frames: readonly RecordedFrame[];
}

type FrameSpec =
  | number
  | { readonly cut: number; readonly bytes: number }
  | { readonly rest: number; readonly bytes: number }
  | {
      readonly edited: number;
      readonly event?: string;
      readonly id?: string | null;
      readonly set?: Readonly<Record<string, unknown>>;
    }
  | { readonly of: string; readonly frame: number }
  | { readonly raw: string }
  | { readonly raw_parts: Parts };

interface Connection {
  readonly fails?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly recording?: string;
  readonly frames?: readonly FrameSpec[];
  readonly ends?: "clean" | "short" | "reset" | "idle" | "total";
}

interface ExpectedRequest {
  readonly operation: string;
  readonly run_id?: string;
  readonly attempt: string;
  readonly cursor: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string | null>>;
}

interface Vector {
  readonly name: string;
  readonly note: string;
  readonly bug?: string;
  readonly call: {
    readonly operation: string;
    readonly recording: string;
    readonly path?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly idempotency_key?: string;
  };
  readonly connections: readonly Connection[];
  readonly policy?: { readonly resume_attempts?: number; readonly max_attempts?: number };
  readonly options?: {
    readonly broken_events?: "yield";
    readonly query?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly limits?: { readonly line?: number; readonly event?: number };
  readonly timeouts?: { readonly idle_s?: number };
  readonly reader?: { readonly pause_after: number; readonly pause_s: number };
  readonly expect: {
    readonly requests: readonly ExpectedRequest[];
    readonly events: readonly unknown[];
    readonly end: Readonly<Record<string, unknown>>;
    readonly final?: string;
  };
}

interface DecisionVector {
  readonly name: string;
  readonly attempt: number;
  readonly failure: {
    readonly kind: string;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly random: number;
  readonly now: number;
  readonly policy?: { readonly resume_attempts?: number; readonly jitter?: number };
  readonly expect: Readonly<Record<string, unknown>>;
}

interface File extends VectorFile<Vector | DecisionVector> {
  readonly policy?: unknown;
}

const KEYS = {
  file: ["policy"],
  vector: [
    "bug",
    "call",
    "connections",
    "policy",
    "options",
    "limits",
    "timeouts",
    "reader",
    "expect",
    "attempt",
    "failure",
    "random",
    "now",
  ],
};

const SHORT = 250;
const recordings = new Map<string, Recording>();

function recording(name: string): Recording {
  const known = recordings.get(name);
  if (known !== undefined) return known;
  const read = readJson(`spec/vectors/recordings/${name}.json`) as Recording;
  recordings.set(name, read);
  return read;
}

function recorded(name: string, number: number): RecordedFrame {
  const frame = recording(name).frames[number - 1];
  assert.ok(frame !== undefined, `${name} has no frame ${number}`);
  return frame;
}

function frameText({ event, id, data }: RecordedFrame): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

function edited(frame: RecordedFrame, edit: Extract<FrameSpec, { edited: number }>): string {
  const data = JSON.stringify({ ...(JSON.parse(frame.data) as object), ...edit.set });
  const id = edit.id === undefined ? frame.id : (edit.id ?? undefined);
  const event = edit.event ?? frame.event;
  return frameText({ event, data, ...(id === undefined ? {} : { id }) });
}

function frameBytes(name: string, spec: FrameSpec): Uint8Array {
  if (typeof spec === "number") return Buffer.from(frameText(recorded(name, spec)));
  if ("cut" in spec)
    return Buffer.from(frameText(recorded(name, spec.cut))).subarray(0, spec.bytes);
  if ("rest" in spec) return Buffer.from(frameText(recorded(name, spec.rest))).subarray(spec.bytes);
  if ("edited" in spec) return Buffer.from(edited(recorded(name, spec.edited), spec));
  if ("of" in spec) return Buffer.from(frameText(recorded(spec.of, spec.frame)));
  if ("raw" in spec) return Buffer.from(spec.raw);
  return Buffer.from(joined(spec.raw_parts));
}

async function answer(
  socket: Socket,
  connection: Connection,
  recordingName: string,
): Promise<void> {
  if (connection.fails !== undefined) {
    if (connection.fails === "reset_before_first_byte") socket.resetAndDestroy();
    return; // The others are timeouts: no answer at all.
  }
  const status = connection.status ?? 200;
  if (connection.frames === undefined) {
    const text = connection.body ?? JSON.stringify(connection.json ?? "");
    const body = connection.json === undefined && connection.body === undefined ? "" : text;
    const length = status === 204 ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    writeHead(socket, status, { ...length, ...connection.headers });
    socket.end(body);
    return;
  }
  writeHead(socket, status, {
    "Content-Type": "text/event-stream",
    "Transfer-Encoding": "chunked",
    "X-Request-ID": "req_scripted",
    ...connection.headers,
  });
  for (const spec of connection.frames) {
    writeChunk(socket, frameBytes(connection.recording ?? recordingName, spec));
  }
  await endStream(socket, connection.ends ?? "clean");
}

async function endStream(socket: Socket, ends: NonNullable<Connection["ends"]>): Promise<void> {
  switch (ends) {
    case "clean":
      socket.end("0\r\n\r\n");
      break;
    case "short":
      await flushed(socket);
      socket.end();
      break;
    case "reset":
      await flushed(socket);
      socket.resetAndDestroy();
      break;
    case "idle":
    case "total":
      break;
    default:
      throw new Error(`this runner does not know the end ${String(ends)}`);
  }
}

let closedPort = 0;
before(async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  closedPort = (server.address() as AddressInfo).port;
  server.close();
});

/** A `fetch` that finds nobody listening where the script says so. */
function scriptedFetch(
  vector: Vector,
  server: WireServer,
  seen: WireRequest[],
): NonNullable<ClientOptions["fetch"]> {
  return async (url, init) => {
    const { fails } = vector.connections[seen.length] ?? {};
    seen.push({
      method: init.method ?? "",
      url: new URL(url),
      headers: new Headers(init.headers),
      body: String(init.body ?? ""),
    });
    if (fails === "timeout_connect") {
      throw new TypeError("fetch failed", { cause: { code: "UND_ERR_CONNECT_TIMEOUT" } });
    }
    const target = fails === "connect" ? url.replace(server.url, closedUrl()) : url;
    return fetch(target, init);
  };
}

function closedUrl(): string {
  return `http://127.0.0.1:${closedPort}`;
}

function clientFor(vector: Vector, server: WireServer, seen: WireRequest[]): Headgate {
  const ends = vector.connections.map(({ ends, fails }) => ends ?? fails);
  const waitsFor = (...kinds: string[]): boolean => ends.some((end) => kinds.includes(end ?? ""));
  const idle = vector.timeouts?.idle_s;
  return new Headgate({
    baseUrl: server.url,
    apiKey: "key",
    fetch: scriptedFetch(vector, server, seen),
    retry: {
      baseDelay: 0,
      throttledDelay: 0,
      ...(vector.policy?.resume_attempts === undefined
        ? {}
        : { resumeAttempts: vector.policy.resume_attempts }),
      ...(vector.policy?.max_attempts === undefined
        ? {}
        : { maxAttempts: vector.policy.max_attempts }),
    },
    frameLimits: vector.limits ?? {},
    timeouts: {
      connect: 0,
      firstByte: waitsFor("timeout_first_byte") ? SHORT : 20_000,
      idle: idle === undefined ? (waitsFor("idle") ? SHORT : 20_000) : idle * 1_000,
      total: waitsFor("total", "timeout_total") ? 3 * SHORT : 60_000,
    },
  });
}

function open(vector: Vector, client: Headgate): MessageStream | RunStream {
  const { operation, path, query, headers, idempotency_key: key } = vector.call;
  const options = {
    ...(headers === undefined ? {} : { headers }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(vector.options?.broken_events === undefined
      ? {}
      : { brokenEvents: vector.options.broken_events }),
    ...(vector.options?.query && { query: vector.options.query }),
    ...(vector.options?.headers && { headers: vector.options.headers }),
  };
  const request = { model: "mock/script", messages: [{ role: "user" as const, content: "Hello" }] };
  switch (operation) {
    case "messages.stream":
      return client.messages.stream(request, options);
    case "runs.stream":
      return client.runs.stream({ request }, options);
    case "runs.events": {
      const params = { ...query, ...headers } as Parameters<Headgate["runs"]["events"]>[1];
      const { headers: _given, ...further } = options;
      const own = vector.options?.headers && { headers: vector.options.headers };
      return client.runs.events(path?.["run_id"] ?? "", params, { ...further, ...own });
    }
    default:
      throw new Error(`this runner does not know the operation ${operation}`);
  }
}

function operationOf(request: WireRequest): { operation: string; run_id?: string } {
  const { pathname } = request.url;
  if (pathname === "/v1/messages") return { operation: "messages.stream" };
  if (pathname === "/v1/runs:stream") return { operation: "runs.stream" };
  const run = /^\/v1\/runs\/([^/]+)\/events$/.exec(pathname)?.[1];
  assert.ok(run !== undefined, pathname);
  return { operation: "runs.events", run_id: decodeURIComponent(run) };
}

function shown(request: WireRequest, expected: ExpectedRequest): ExpectedRequest {
  const query = request.url.searchParams.get("starting_after");
  const header = request.headers.get("Last-Event-ID");
  if (query !== null && header !== null) assert.equal(header, query);
  return {
    ...operationOf(request),
    attempt: request.headers.get("X-Headgate-Attempt") ?? "",
    cursor: query ?? header,
    ...(expected.query === undefined
      ? {}
      : { query: picked(expected.query, (name) => request.url.searchParams.get(name)) }),
    ...(expected.headers === undefined
      ? {}
      : { headers: picked(expected.headers, (name) => request.headers.get(name)) }),
  } as ExpectedRequest;
}

function picked(
  names: object,
  read: (name: string) => string | null,
): Record<string, string | null> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, read(name)]));
}

const KNOWN = new Set(
  ["run", "message"].flatMap((name) => recording(name).frames.map(({ event }) => event)),
);

function describe(event: object, vector: Vector, position: number): unknown {
  if (event instanceof ResponseDecodeError) return { broken: event.raw };
  const { type, sequence_number: number = null } = event as {
    type: string;
    sequence_number?: number;
  };
  if (type === "ping") return "ping";
  if (!KNOWN.has(type)) return { unknown: type, number };
  return vector.call.operation === "messages.stream" ? position : number;
}

function ending(error: unknown, expected: Readonly<Record<string, unknown>>): object {
  assert.ok(error instanceof HeadgateError, String(error));
  const facts: Record<string, unknown> = { error: error.name };
  if (error instanceof APIError) {
    facts["code"] = error.code ?? null;
    facts["last_event_id"] = error.lastEventId ?? null;
    facts["retry_after_s"] = error.retryAfter ?? null;
    facts["status"] = error.status;
    facts["request_id"] = error.requestId ?? null;
  }
  if (error instanceof StreamError) {
    facts["last_event_id"] = error.lastEventId ?? null;
    facts["events_seen"] = error.eventsSeen;
    facts["request_id"] = error.requestId ?? null;
  }
  if (error instanceof APITimeoutError) facts["phase"] = error.phase;
  if (error instanceof ResponseDecodeError) {
    facts["raw"] = error.raw;
    facts["last_event_id"] = error.lastEventId ?? null;
  }
  return Object.fromEntries(Object.keys(expected).map((key) => [key, facts[key]]));
}

interface Told {
  readonly events: unknown[];
  readonly end: object;
}

async function read(vector: Vector, stream: EventStream<object>): Promise<Told> {
  const events: unknown[] = [];
  let position = 0;
  try {
    for await (const event of stream) {
      const isHeartbeat = (event as { type?: unknown }).type === "ping";
      if (!isHeartbeat) position += 1;
      events.push(describe(event, vector, position));
      if (vector.reader?.pause_after === events.length) {
        await new Promise((resolve) => setTimeout(resolve, (vector.reader?.pause_s ?? 0) * 1_000));
      }
    }
  } catch (error) {
    return { events, end: ending(error, vector.expect.end) };
  }
  return { events, end: { complete: true } };
}

/** The object that a recording's own last events state. */
function finalOf(name: string): unknown {
  const frames = recording(name).frames.map(({ data }) => JSON.parse(data) as { type: string });
  const complete = frames.find(({ type }) => type === "run_complete");
  if (complete !== undefined) return (complete as unknown as { result: unknown }).result;
  return foldedMessage(frames);
}

interface MessagePart {
  readonly type: string;
  readonly message?: object;
  readonly delta?: { readonly text?: string };
  readonly usage?: object;
}

/** The recorded answer is one text: its end stands in its last events. */
function foldedMessage(events: readonly MessagePart[]): unknown {
  const start = events.find(({ type }) => type === "message_start");
  const end = events.find(({ type }) => type === "message_delta");
  const text = events.map(({ delta }) => delta?.text ?? "").join("");
  return {
    ...start?.message,
    content: [{ type: "text", text }],
    ...end?.delta,
    usage: end?.usage,
  };
}

async function run(vector: Vector): Promise<void> {
  let next = 0;
  const server = await WireServer.start(async (socket) => {
    while (["connect", "timeout_connect"].includes(vector.connections[next]?.fails ?? ""))
      next += 1;
    const connection = vector.connections[next] ?? { fails: "reset_before_first_byte" };
    next += 1;
    await answer(socket, connection, vector.call.recording);
  });
  const requests: WireRequest[] = [];
  try {
    const stream = open(vector, clientFor(vector, server, requests));
    const told = await read(vector, stream as unknown as EventStream<object>);
    assert.deepEqual(told, { events: vector.expect.events, end: vector.expect.end });
    assert.deepEqual(
      requests.map((each, index) => shown(each, vector.expect.requests[index] ?? ({} as never))),
      vector.expect.requests,
    );
    if (vector.expect.final !== undefined) {
      assert.deepEqual(await stream.final(), finalOf(vector.expect.final));
    }
  } finally {
    await server.stop();
  }
}

function failureOf({ kind, status = 0, headers }: DecisionVector["failure"], now: number): Failure {
  switch (kind) {
    case "end_of_body":
    case "reset_before_first_byte":
    case "reset_after_first_byte":
    case "timeout_first_byte":
    case "timeout_idle":
      return { kind: "reset" };
    case "connect":
    case "timeout_connect":
      return { kind: "connect" };
    case "timeout_total":
    case "cancelled":
    case "decode":
    case "gap":
    case "foreign":
    case "limit":
    case "error_event":
      return { kind: "final" };
    case "status":
      return { kind, status, retryAfter: retryAfter(new Headers(headers), now * 1_000) };
    default:
      throw new Error(`this runner does not know the failure ${kind}`);
  }
}

function decide(vector: DecisionVector): void {
  const failure = failureOf(vector.failure, vector.now);
  const { resumeAttempts: usual, jitter: full } = defaultRetryPolicy;
  const { resume_attempts: resumeAttempts = usual, jitter = full } = vector.policy ?? {};
  const decision = decideResume({
    attempt: vector.attempt,
    failure,
    policy: { ...defaultRetryPolicy, resumeAttempts, jitter },
    random: vector.random,
  });
  const { delay, stop } = decision;
  const asked = failure.retryAfter;
  assert.deepEqual(
    {
      reattach: stop === undefined,
      ...(stop === undefined && { delay_s: delay / 1_000 }),
      reason: stop ?? (asked === undefined ? "backoff" : "retry_after"),
      ...(stop === "retry_after" && asked !== undefined && { retry_after_s: asked / 1_000 }),
    },
    vector.expect,
  );
}

runVectors<File>("resume", KEYS, (vector) => ("failure" in vector ? decide(vector) : run(vector)));
