import assert from "node:assert/strict";
import { test } from "node:test";

import type { ResourceOptions } from "../../generated/typescript/src/configuration.js";
import {
  errorClasses,
  fromEnvironment,
  logging,
} from "../../generated/typescript/src/extensions.js";
import {
  APIError,
  ConfigurationError,
  NotFoundError,
} from "../../generated/typescript/src/index.js";
import { Models } from "../../generated/typescript/src/resources/models.js";

const KEY = "hg_v1_secret";
const UNKNOWN = {
  type: "not_found_error",
  code: "model_not_found",
  message: `no model for ${KEY}`,
  details: { model: "m" },
};

/** A resource alone whose requests are all answered in one way. */
function modelsFor(
  answer: () => Response,
  options: ResourceOptions = {},
): { models: Models; sent: Headers[] } {
  const sent: Headers[] = [];
  const models = new Models({
    baseUrl: "http://gateway.test",
    retry: { baseDelay: 0, throttledDelay: 0 },
    fetch: async (_url, { headers }) => {
      sent.push(new Headers(headers));
      return answer();
    },
    ...options,
  });
  return { models, sent };
}

const unknown = (): Response => Response.json({ error: UNKNOWN }, { status: 404 });

test("a resource alone raises errors that say all, and shows no key of its own", async () => {
  const { models } = modelsFor(unknown, { apiKey: KEY });

  const error: unknown = await models.get("m").catch((raised: unknown) => raised);

  assert.ok(error instanceof APIError);
  assert.equal(error instanceof NotFoundError, false);
  const { type, code, status, message, details } = error;
  assert.deepEqual(
    { type, code, status, message, details },
    { ...UNKNOWN, status: 404, message: "no model for [redacted]" },
  );
});

test("a resource alone tries again as a client does", async () => {
  const { models, sent } = modelsFor(() => new Response("", { status: 503 }));

  await assert.rejects(models.get("m"), APIError);

  assert.deepEqual(
    sent.map((headers) => headers.get("X-Headgate-Attempt")),
    ["1", "2", "3"],
  );
});

test("a variable that is no number is told by name", () => {
  for (const [name, value] of [
    ["HEADGATE_TIMEOUT_TOTAL", "abc"],
    ["HEADGATE_TIMEOUT_FIRST_BYTE", "-1"],
    ["HEADGATE_MAX_ATTEMPTS", "one"],
  ] as const) {
    process.env[name] = value;
    try {
      assert.throws(fromEnvironment, (error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.ok(error.message.startsWith(name));
        return true;
      });
    } finally {
      delete process.env[name];
    }
  }
});

test("a resource alone asks the environment for nothing unless it is told to", async () => {
  process.env["HEADGATE_API_KEY"] = KEY;
  process.env["HEADGATE_AGENT_NAME"] = "mail";
  const alone = modelsFor(unknown);
  const { baseUrl: _baseUrl, ...options } = fromEnvironment();
  const told = modelsFor(unknown, options);
  try {
    await assert.rejects(alone.models.get("m"));
    await assert.rejects(told.models.get("m"));
  } finally {
    delete process.env["HEADGATE_API_KEY"];
    delete process.env["HEADGATE_AGENT_NAME"];
  }

  assert.deepEqual(
    [...alone.sent, ...told.sent].map((headers) => headers.get("Authorization")),
    [null, `Bearer ${KEY}`],
  );
  assert.deepEqual(
    [...alone.sent, ...told.sent].map((headers) => headers.get("X-Agent-Name")),
    [null, "mail"],
  );
});

test("the extensions give a resource alone the errors and the log of a client", async () => {
  const lines: string[] = [];
  const write = (message: string, fields: object): void =>
    void lines.push(message + JSON.stringify(fields));
  const logger = { debug: write, info: write, warn: write };
  const extensions = [errorClasses, logging({ logger, logLevel: "debug" })];
  const { models } = modelsFor(unknown, { apiKey: KEY, extensions });

  await assert.rejects(models.get("m"), NotFoundError);

  assert.deepEqual(
    lines.map((line) => line.slice(0, 8)),
    ["answered", 'failed{"'],
  );
  assert.ok(!lines.join().includes(KEY));
});
