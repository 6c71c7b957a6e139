/** The message of an error that lists problems says what each of them says. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { errorInBody } from "../../generated/typescript/src/runtime/errors.js";
import type { JsonValue } from "../../generated/typescript/src/runtime/json.js";

const FORM = { fields: { message: "detail", problem: "msg", place: "loc" } };
const MISSING = { loc: ["body", "items", 0, "name"], msg: "Field required" };
const CASES: readonly (readonly [JsonValue, string | undefined])[] = [
  ["Not found", "Not found"],
  [[MISSING], "body.items.0.name: Field required"],
  [[MISSING, { msg: "Too long" }], "body.items.0.name: Field required; Too long"],
  [[{ loc: "name", msg: "Taken" }, { loc: "", msg: "Old" }], "name: Taken; Old"],
  [["One", "Two"], "One; Two"],
  [[{ loc: ["body"] }, 7, null], undefined],
  [[], undefined],
];

for (const [detail, message] of CASES) {
  test(`each problem is told: ${JSON.stringify(detail)}`, () => {
    assert.equal(errorInBody(FORM, { detail }, { status: 422 }).message, message);
  });
}
