import assert from "node:assert/strict";
import { test } from "node:test";

import {
  APIConnectionError,
  APIError,
  ConfigurationError,
  Headgate,
  RequestCancelledError,
} from "../../generated/typescript/src/index.js";

const MISSING = { error: { type: "not_found_error", code: "not_found", message: "missing" } };

function clientFor(answer: () => Promise<Response>): Headgate {
  return new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    retry: { throttledDelay: 0, baseDelay: 0 },
    fetch: answer,
  });
}

const failures = {
  refused: [APIError, () => Promise.resolve(Response.json(MISSING, { status: 404 }))],
  "cut off": [APIConnectionError, () => Promise.reject(new TypeError("fetch failed"))],
} as const;

for (const [name, [kind, answer]] of Object.entries(failures)) {
  test(`an advisory call that is ${name} gives nothing`, async () => {
    const { workspaces } = clientFor(answer);

    assert.equal(await workspaces.sendTypingPreview("ws_1", { text: "Hel" }), undefined);
  });

  test(`a strict advisory call that is ${name} throws`, async () => {
    const { workspaces } = clientFor(answer);

    const sent = workspaces.sendTypingPreview("ws_1", { text: "Hel" }, { strict: true });

    await assert.rejects(sent, kind);
  });

  test(`whoever asks for the answer of an advisory call that is ${name} gets the error`, async () => {
    const { workspaces } = clientFor(answer);

    const sent = workspaces.sendTypingPreview("ws_1", { text: "Hel" });

    await assert.rejects(sent.withResponse(), kind);
  });
}

test("an advisory call that nobody waits for is no unhandled rejection", async () => {
  const { workspaces } = clientFor(failures.refused[1]);
  const unhandled: unknown[] = [];
  const note = (error: unknown): unknown => unhandled.push(error);
  process.on("unhandledRejection", note);

  void workspaces.sendTypingPreview("ws_1", { text: "Hel" });
  await new Promise((resolve) => setTimeout(resolve, 20));

  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

test("what the caller of an advisory call did wrong, or cancels, is thrown", async () => {
  const { workspaces } = clientFor(failures.refused[1]);
  const signal = AbortSignal.abort("enough");

  const wrong = workspaces.sendTypingPreview("..", { text: "Hel" });
  const cancelled = workspaces.sendTypingPreview("ws_1", { text: "Hel" }, { signal });

  await assert.rejects(wrong, ConfigurationError);
  await assert.rejects(cancelled, RequestCancelledError);
});
