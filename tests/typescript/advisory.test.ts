import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";

import {
  APIConnectionError,
  APIError,
  ConfigurationError,
  Headgate,
  RequestCancelledError,
} from "../../generated/typescript/src/index.js";

const TYPED = { text: "Hel" };

const failures = {
  refused: [APIError, async () => Response.json({}, { status: 404 })],
  "not there": [
    APIConnectionError,
    async () => {
      throw new TypeError("fetch failed");
    },
  ],
} as const;

/** A client whose calls fail so, and the errors that its log is told. */
function failing(fetch: () => Promise<Response>): { client: Headgate; told: unknown[] } {
  const told: unknown[] = [];
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    fetch,
    retry: { baseDelay: 0 },
    interceptors: [{ onError: (error) => void told.push(error) }],
  });
  return { client, told };
}

for (const [name, [kind, fetch]] of Object.entries(failures)) {
  test(`a call whose failure does not matter gives nothing when it is ${name}`, async () => {
    const { client, told } = failing(fetch);

    assert.equal(await client.workspaces.sendTypingPreview("ws_1", TYPED), undefined);
    assert.ok(told.length === 1 && told[0] instanceof kind);
  });

  test(`it is rejected where its caller is strict and it is ${name}`, async () => {
    const { workspaces } = failing(fetch).client;

    await assert.rejects(workspaces.sendTypingPreview("ws_1", TYPED, { strict: true }), kind);
    await assert.rejects(workspaces.sendTypingPreview("ws_1", TYPED).withResponse(), kind);
  });
}

for (const [name, [kind, fetch]] of Object.entries(failures)) {
  test(`nobody has to wait for a call whose failure does not matter when it is ${name}`, async () => {
    const { client, told } = failing(fetch);

    void client.workspaces.sendTypingPreview("ws_1", TYPED);
    // The runner fails a test in which a promise is rejected that nobody handles.
    while (told.length === 0) await setTimeout(5);
    await setTimeout(5);

    assert.ok(told[0] instanceof kind);
  });
}

test("what works gives its answer", async () => {
  const { client } = failing(async () => new Response(null, { status: 204 }));

  const { response } = await client.workspaces.sendTypingPreview("ws_1", TYPED).withResponse();

  assert.equal(response.status, 204);
});

test("what the caller did wrong, cancels or forbids is no failure of the call", async () => {
  const { workspaces } = failing(failures.refused[1]).client;
  const forbidding = { beforeRequest: () => assert.fail("forbidden") };
  const signal = AbortSignal.abort("enough");

  await assert.rejects(workspaces.sendTypingPreview("..", TYPED), ConfigurationError);
  await assert.rejects(
    workspaces.sendTypingPreview("ws_1", TYPED, { signal }),
    RequestCancelledError,
  );
  await assert.rejects(
    workspaces.sendTypingPreview("ws_1", TYPED, { interceptors: [forbidding] }),
    assert.AssertionError,
  );
  await assert.rejects(
    workspaces.sendTypingPreview("..", TYPED).withResponse(),
    ConfigurationError,
  );
});
