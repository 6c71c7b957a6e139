import assert from "node:assert/strict";

import { Headgate, scopeOf, trace, withUpstreamKey } from "../../generated/typescript/src/index.js";
import { refuseOtherKeys, runVectors, type VectorFile } from "./vectors.js";

type Value = string | { readonly made: string };
type Values = Readonly<Record<string, Value>>;

interface Vector {
  readonly name: string;
  readonly client?: {
    readonly agent_name?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly scopes: readonly {
    readonly name: string;
    readonly of?: string;
    readonly scope: string;
    readonly arguments: Readonly<Record<string, string>>;
    readonly told: Values;
  }[];
  readonly calls: readonly {
    readonly client: string;
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly sent: Values;
  }[];
}

interface File extends VectorFile<Vector> {
  readonly headers: readonly string[];
}

const KEYS = { file: ["headers"], vector: ["client", "scopes", "calls"] };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function renamed<V>(values: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
}

/** Opens a scope by the name and with the arguments of a vector. */
function opened(
  client: Headgate,
  scope: string,
  given: Readonly<Record<string, string>>,
): Headgate {
  if (scope === "trace") return trace(client, renamed(given));
  assert.equal(scope, "with_upstream_key");
  const { key, ...others } = given;
  assert.ok(key !== undefined);
  return withUpstreamKey(client, key, renamed(others));
}

/** Puts the names that a vector states in place of what the SDK made. */
function named(
  found: Readonly<Record<string, string>>,
  stated: Values,
  made: Map<string, string>,
): Record<string, Value> {
  const name = (key: string, value: string): Value => {
    const wanted = stated[key];
    if (typeof wanted !== "object") return value;
    assert.match(value, UUID);
    if (!made.has(wanted.made)) made.set(wanted.made, value);
    return made.get(wanted.made) === value ? wanted : value;
  };
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, name(key, value)]));
}

runVectors<File>("scopes", KEYS, async (vector, file) => {
  const sent: Headers[] = [];
  const plain = new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    agentName: vector.client?.agent_name,
    headers: vector.client?.headers ?? {},
    fetch: async (_, { headers }) => {
      sent.push(new Headers(headers));
      return Response.json({ object: "list", data: [], has_more: false });
    },
  });
  const made = new Map<string, string>();
  const clients: Record<string, Headgate> = { plain };
  const clientOf = (name: string): Headgate => clients[name] ?? assert.fail(`no client ${name}`);
  for (const scope of vector.scopes) {
    refuseOtherKeys(scope, ["name", "of", "scope", "arguments", "told"], vector.name);
    const client = opened(clientOf(scope.of ?? "plain"), scope.scope, scope.arguments);
    clients[scope.name] = client;
    assert.ok(client instanceof Headgate);
    assert.deepEqual(named(scopeOf(client), renamed(scope.told), made), renamed(scope.told));
  }
  for (const call of vector.calls) {
    refuseOtherKeys(call, ["client", "headers", "sent"], vector.name);
    await clientOf(call.client).models.list({}, { headers: call.headers ?? {} });
  }

  assert.deepEqual(scopeOf(plain), {});
  const told = vector.calls.map((call, at) => {
    const headers = file.headers.flatMap((name) => {
      const value = sent[at]?.get(name) ?? null;
      return value === null ? [] : [[name, value] as const];
    });
    return named(Object.fromEntries(headers), call.sent, made);
  });
  assert.deepEqual(
    told,
    vector.calls.map((call) => call.sent),
  );
  assert.equal(new Set(made.values()).size, made.size);
});
