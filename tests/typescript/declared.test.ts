import assert from "node:assert/strict";
import { test } from "node:test";

import { declaredHeaders } from "../../generated/typescript/src/headers.js";
import { Headgate } from "../../generated/typescript/src/index.js";

test("an answer's headers are read as what the document says that they are", async () => {
  const headers = { "X-Input-Tokens": "12", "X-Model": "mock/echo", "X-Output-Tokens": "many" };
  const client = new Headgate({
    baseUrl: "http://gateway.test",
    fetch: async () => Response.json({}, { headers }),
  });

  const { response } = await client.models.list().withResponse();
  const { xInputTokens, xModel, xOutputTokens, xCostUsd } = declaredHeaders(response.headers);

  assert.deepEqual(
    [xInputTokens, xModel, xOutputTokens, xCostUsd],
    [12, "mock/echo", undefined, undefined],
  );
});
