import assert from "node:assert/strict";

import {
  APIError,
  Headgate,
  HeadgateError,
  ResponseDecodeError,
  type KeysListParams,
} from "../../generated/typescript/src/index.js";
import { runVectors, type VectorFile } from "./vectors.js";
import { WireServer, writeHead, type WireRequest } from "./wire.js";

interface Page {
  readonly ids?: readonly string[];
  readonly has_more?: boolean;
  readonly last_id?: string | null;
  readonly status?: number;
  readonly json?: unknown;
  readonly body?: string;
}

interface ExpectedRequest {
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Vector {
  readonly name: string;
  readonly query: KeysListParams;
  readonly options?: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
  };
  readonly take?: number;
  readonly pages: readonly Page[];
  readonly expect: {
    readonly requests: readonly ExpectedRequest[];
    readonly items: readonly string[];
    readonly end: Readonly<Record<string, unknown>>;
  };
}

interface File extends VectorFile<Vector> {
  readonly operation: string;
  readonly rule: unknown;
  readonly item: object;
}

const KEYS = {
  file: ["operation", "rule", "item"],
  vector: ["query", "options", "take", "pages", "expect"],
};

function bodyOf(page: Page, item: object): string {
  if (page.body !== undefined) return page.body;
  if (page.ids === undefined) return JSON.stringify(page.json);
  return JSON.stringify({
    object: "list",
    data: page.ids.map((id) => ({ ...item, id })),
    has_more: page.has_more,
    first_id: page.ids[0] ?? null,
    last_id: page.last_id,
  });
}

function serve(vector: Vector, item: object): Promise<WireServer> {
  let next = 0;
  return WireServer.start((socket) => {
    const page = vector.pages[next] ?? { status: 599, body: "asked for too much" };
    next += 1;
    const body = Buffer.from(bodyOf(page, item));
    writeHead(socket, page.status ?? 200, { "Content-Length": `${body.length}` });
    socket.end(body);
  });
}

function shown(request: WireRequest, expected: ExpectedRequest | undefined): ExpectedRequest {
  assert.equal(`${request.method} ${request.url.pathname}`, "GET /v1/admin/keys");
  const query = Object.fromEntries(request.url.searchParams);
  if (expected?.headers === undefined) return { query };
  const names = Object.keys(expected.headers);
  const headers = names.map((name) => [name, request.headers.get(name)]);
  return { query, headers: Object.fromEntries(headers) as Record<string, string> };
}

function ending(error: unknown, expected: Readonly<Record<string, unknown>>): object {
  assert.ok(error instanceof HeadgateError, String(error));
  const facts: Record<string, unknown> = {
    error: error.name,
    ...(error instanceof APIError ? { code: error.code } : {}),
    ...(error instanceof ResponseDecodeError ? { raw: error.raw } : {}),
  };
  return Object.fromEntries(Object.keys(expected).map((key) => [key, facts[key]]));
}

async function walk(vector: Vector, url: string): Promise<{ items: string[]; end: object }> {
  const client = new Headgate({ baseUrl: url, retry: { baseDelay: 0, throttledDelay: 0 } });
  const items: string[] = [];
  try {
    for await (const { id } of client.admin.keys.list(vector.query, vector.options)) {
      items.push(id);
      if (items.length === vector.take) break;
    }
  } catch (error) {
    return { items, end: ending(error, vector.expect.end) };
  }
  return { items, end: { complete: true } };
}

runVectors<File>("paging", KEYS, async (vector, file) => {
  assert.equal(file.operation, "admin.keys.list");
  const server = await serve(vector, file.item);
  const { items, end } = await walk(vector, server.url).finally(() => server.stop());
  const { requests: expected } = vector.expect;
  const requests = server.requests.map((each, index) => shown(each, expected[index]));

  assert.deepEqual({ requests, items, end }, vector.expect);
});
