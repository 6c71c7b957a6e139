import assert from "node:assert/strict";

import {
  ApiResource,
  product,
  type ClientOptions,
} from "../../generated/typescript/src/configuration.js";
import { complete } from "../../generated/typescript/src/extensions.js";
import { HeadgateError } from "../../generated/typescript/src/index.js";
import type {
  HeaderValues,
  OperationRequest,
} from "../../generated/typescript/src/runtime/request.js";
import {
  basic,
  bearer,
  inCookie,
  inHeader,
  inQuery,
} from "../../generated/typescript/src/runtime/credentials.js";
import { readNothing } from "../../generated/typescript/src/runtime/responses.js";
import { transportSettings } from "../../generated/typescript/src/runtime/settings.js";
import { Transport, type CallOptions } from "../../generated/typescript/src/runtime/transport.js";
import { runVectors, refuseOtherKeys, type VectorFile } from "./vectors.js";

type Values = Readonly<Record<string, unknown>>;

interface CredentialVector {
  readonly option: string;
  readonly place: "bearer" | "basic" | "header" | "query" | "cookie";
  readonly name?: string;
}

interface Vector {
  readonly name: string;
  readonly credentials?: readonly CredentialVector[];
  readonly client: {
    readonly base_url?: string;
    readonly api_key?: string;
    readonly admin_key?: string;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly provider_keys?: Readonly<Record<string, string>>;
    readonly headers?: HeaderValues;
    readonly platform_headers?: boolean;
  };
  readonly environment?: Readonly<Record<string, string>>;
  readonly operation: {
    readonly id: string | null;
    readonly method: string;
    readonly path: string;
    readonly credentials: readonly (readonly string[])[];
    readonly idempotency: "key" | "natural" | "none";
    readonly accept: string;
  };
  readonly arguments?: {
    readonly path?: Values;
    readonly query?: Values;
    readonly headers?: Values;
    readonly body?: unknown;
  };
  readonly options?: {
    readonly headers?: HeaderValues;
    readonly query?: Values;
    readonly extra_body?: Values;
    readonly idempotency_key?: string;
    readonly provider_keys?: Values;
  };
  readonly expect: {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string | { readonly matches: string } | null>>;
    readonly body?: unknown;
    readonly repeatable?: boolean;
    readonly error?: string;
    readonly not_shown?: readonly string[];
  };
}

interface File extends VectorFile<Vector> {
  readonly product: object;
  readonly always: Readonly<Record<string, string | { readonly matches: string }>>;
}

const KEYS = {
  file: ["product", "always"],
  vector: ["credentials", "client", "environment", "operation", "arguments", "options", "expect"],
};
const CLIENT_KEYS = [
  "base_url",
  "api_key",
  "admin_key",
  "secrets",
  "provider_keys",
  "headers",
  "platform_headers",
];
const OPTION_KEYS = ["headers", "query", "extra_body", "idempotency_key", "provider_keys"];
const PLACES = {
  bearer: (_name: string, value?: string) => bearer(value),
  basic: (_name: string, value?: string) => basic(value),
  header: inHeader,
  query: inQuery,
  cookie: inCookie,
};
const SCHEMES: Readonly<Record<string, string>> = { api_key: "GatewayKey", admin_key: "AdminKey" };

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Leaves out what is undefined. */
function given<Value extends object>(value: {
  [Key in keyof Value]: Value[Key] | undefined;
}): Value {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Value;
}

/** Lets the transport of a client be seen. */
class Probe extends ApiResource {
  get seen(): Transport {
    return this.transport;
  }
}

function transportFor(vector: Vector, sent: Sent[], fails: () => boolean): Transport {
  refuseOtherKeys(vector.client, CLIENT_KEYS, vector.name);
  const options = given<ClientOptions>({
    baseUrl: vector.client.base_url,
    apiKey: vector.client.api_key,
    adminKey: vector.client.admin_key,
    providerKeys: vector.client.provider_keys,
    headers: vector.client.headers,
    platformHeaders: vector.client.platform_headers,
    retry: { baseDelay: 0 },
    fetch: async (url, init) => {
      const body = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
      sent.push({ url, headers: new Headers(init.headers), body });
      if (fails()) throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
      return new Response(null, { status: 204 });
    },
  } as { [Key in keyof ClientOptions]: ClientOptions[Key] | undefined });
  if (vector.credentials === undefined) return new Probe(complete(options)).seen;
  const credentials = vector.credentials.map(({ option, place, name }) => {
    const value = vector.client.secrets?.[option];
    return [option, PLACES[place](name ?? "", value)] as const;
  });
  return new Transport(transportSettings(product, Object.fromEntries(credentials), options));
}

function requestOf({ operation, arguments: given_ }: Vector): OperationRequest {
  return given<OperationRequest>({
    verb: operation.method,
    path: operation.path,
    pathParams: given_?.path,
    query: given_?.query,
    headers: given_?.headers,
    body: given_?.body,
    security: operation.credentials.map((each) => each.map((name) => SCHEMES[name] ?? name)),
    idempotency: operation.idempotency === "none" ? undefined : operation.idempotency,
    accept: operation.accept,
  } as { [Key in keyof OperationRequest]: OperationRequest[Key] | undefined });
}

function optionsOf(vector: Vector): CallOptions {
  refuseOtherKeys(vector.options ?? {}, OPTION_KEYS, vector.name);
  return given<CallOptions & { providerKeys: Values }>({
    headers: vector.options?.headers,
    query: vector.options?.query,
    extraBody: vector.options?.extra_body,
    idempotencyKey: vector.options?.idempotency_key,
    providerKeys: vector.options?.provider_keys,
  } as never);
}

/** Runs with no variables of the client's but those given. */
async function inEnvironment<Value>(
  variables: Readonly<Record<string, string>>,
  run: () => Promise<Value>,
): Promise<Value> {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("HEADGATE_")) delete process.env[name];
  }
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

async function runError(vector: Vector): Promise<void> {
  const sent: Sent[] = [];
  try {
    const transport = transportFor(vector, sent, () => false);
    await transport.call(requestOf(vector), readNothing, optionsOf(vector));
  } catch (error) {
    assert.ok(error instanceof HeadgateError, String(error));
    assert.deepEqual([error.name, sent.length], [vector.expect.error, 0]);
    const said = `${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`;
    for (const secret of vector.expect.not_shown ?? []) assert.ok(!said.includes(secret), secret);
    return;
  }
  throw new Error("nothing was raised");
}

async function runRequest(vector: Vector, always: File["always"]): Promise<void> {
  const sent: Sent[] = [];
  const transport = transportFor(vector, sent, () => false);
  await transport.call(requestOf(vector), readNothing, optionsOf(vector));
  const [request] = sent;
  assert.ok(request !== undefined);
  assert.equal(request.url, vector.expect.url);
  assert.deepEqual(request.body, vector.expect.body);
  checkHeaders(request.headers, { ...always, ...vector.expect.headers });
  if (vector.expect.repeatable !== undefined) {
    assert.equal(await isRepeated(vector), vector.expect.repeatable);
  }
}

/** Whether an attempt that may have been acted on is followed by another. */
async function isRepeated(vector: Vector): Promise<boolean> {
  const sent: Sent[] = [];
  const transport = transportFor(vector, sent, () => sent.length === 1);
  await transport.call(requestOf(vector), readNothing, optionsOf(vector)).catch(() => undefined);
  return sent.length > 1;
}

function checkHeaders(
  headers: Headers,
  expected: Readonly<Record<string, string | { readonly matches: string } | null>>,
): void {
  const merged = new Map(
    Object.entries(expected).map(([name, value]) => [name.toLowerCase(), value]),
  );
  for (const [name, value] of merged) {
    const found = headers.get(name);
    if (value !== null && typeof value === "object") {
      assert.match(found ?? "", new RegExp(value.matches), name);
    } else {
      assert.equal(found, value, name);
    }
  }
  const others = [...headers.keys()].filter((name) => !merged.has(name));
  assert.deepEqual(others, [], "no other headers are sent");
}

runVectors<File>("headers", KEYS, (vector, file) =>
  inEnvironment(vector.environment ?? {}, () =>
    vector.expect.error === undefined ? runRequest(vector, file.always) : runError(vector),
  ),
);
