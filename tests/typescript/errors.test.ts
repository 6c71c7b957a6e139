import assert from "node:assert/strict";
import { type TestContext } from "node:test";

import * as sdk from "../../generated/typescript/src/index.js";
import { joined, runVectors, refuseOtherKeys, type Parts, type VectorFile } from "./vectors.js";
import { WireServer, writeHead } from "./wire.js";

interface Expected {
  readonly class: string;
  readonly status: number;
  readonly type: string | null;
  readonly code: string | null;
  readonly message: string;
  readonly param: string | null;
  readonly request_id: string | null;
  readonly retryable: boolean | null;
  readonly retry_after_s: number | null;
  readonly details: object;
  readonly shown?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

interface AnswerVector {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly body_base64?: string;
  readonly body_parts?: Parts;
  readonly stream?: "message" | "run";
  readonly event?: { readonly type: string };
  readonly last_event_id?: string | null;
  readonly now?: number;
  readonly expect: Expected;
}

interface TreeVector {
  readonly name: string;
  readonly class: string;
  readonly parents: readonly string[];
}

const KEYS = {
  file: [],
  vector: [
    "status",
    "headers",
    "json",
    "body",
    "body_base64",
    "body_parts",
    "stream",
    "event",
    "last_event_id",
    "now",
    "expect",
    "class",
    "parents",
  ],
};
const EXPECTED = [
  "class",
  "status",
  "type",
  "code",
  "message",
  "param",
  "request_id",
  "retryable",
  "retry_after_s",
  "details",
  "fields",
  "shown",
];

function bodyOf(vector: AnswerVector): Uint8Array | string {
  if (vector.event !== undefined) {
    return `event: ${vector.event.type}\ndata: ${JSON.stringify(vector.event)}\n\n`;
  }
  if (vector.body_base64 !== undefined) return Buffer.from(vector.body_base64, "base64");
  if (vector.body_parts !== undefined) return joined(vector.body_parts);
  return vector.body ?? ("json" in vector ? JSON.stringify(vector.json) : "");
}

function serve(vector: AnswerVector): Promise<WireServer> {
  const body = Buffer.from(bodyOf(vector));
  return WireServer.start((socket) => {
    writeHead(socket, vector.status, { ...vector.headers, "Content-Length": `${body.length}` });
    socket.end(body);
  });
}

async function raised(vector: AnswerVector): Promise<sdk.APIError> {
  const server = await serve(vector);
  const client = new sdk.Headgate({ baseUrl: server.url, retry: { maxAttempts: 1 } });
  const request = { model: "mock/script", messages: [{ role: "user" as const, content: "Hello" }] };
  try {
    if (vector.stream === "message") await client.messages.stream(request).final();
    else if (vector.stream === "run") await readRun(client, vector);
    else await client.messages.create(request);
  } catch (error) {
    assert.ok(error instanceof sdk.APIError, String(error));
    return error;
  } finally {
    await server.stop();
  }
  throw new Error("nothing was raised");
}

/** The event's own number says where the stream was taken up. */
async function readRun(client: sdk.Headgate, vector: AnswerVector): Promise<void> {
  const { run_id: id, sequence_number: number } = vector.event as unknown as {
    run_id: string;
    sequence_number: number;
  };
  await client.runs.events(id, { starting_after: number - 1 }).final();
}

function seconds(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1_000) / 1_000;
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

async function runAnswer(vector: AnswerVector, { mock }: TestContext): Promise<void> {
  refuseOtherKeys(vector.expect, EXPECTED, vector.name);
  if (vector.now !== undefined) {
    mock.timers.enable({ apis: ["Date"], now: vector.now * 1_000 });
  }
  const error = await raised(vector);
  // What is shown is not compared: TypeScript shows the message alone, its other facts are properties.
  const { fields, shown: _shown, ...expected } = vector.expect;
  assert.deepEqual(
    {
      class: error.name,
      status: error.status,
      type: error.type ?? null,
      code: error.code ?? null,
      message: error.message,
      param: error.param ?? null,
      request_id: error.requestId ?? null,
      retryable: error.retryable ?? null,
      retry_after_s: seconds(error.retryAfter),
      details: { ...error.details },
    },
    expected,
  );
  if (vector.last_event_id !== undefined) {
    assert.equal(error.lastEventId ?? null, vector.last_event_id);
  }
  for (const [name, value] of Object.entries(fields ?? {})) {
    const read = (error as unknown as Readonly<Record<string, unknown>>)[camel(name)];
    assert.deepEqual(read ?? null, value, name);
  }
}

function classNamed(name: string): { readonly prototype: object } {
  const found = (sdk as unknown as Readonly<Record<string, unknown>>)[name];
  assert.ok(typeof found === "function", name);
  return found as unknown as { readonly prototype: object };
}

function runTree(vector: TreeVector): void {
  const derived = classNamed(vector.class).prototype;
  for (const parent of vector.parents) {
    assert.ok(classNamed(parent).prototype.isPrototypeOf(derived), `${vector.class} is ${parent}`);
  }
}

runVectors<VectorFile<AnswerVector | TreeVector>>("errors", KEYS, (vector, _file, context) =>
  "parents" in vector ? runTree(vector) : runAnswer(vector, context),
);
