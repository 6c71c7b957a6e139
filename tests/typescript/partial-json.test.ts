import assert from "node:assert/strict";
import { test } from "node:test";

import { PartialJson, ResponseDecodeError } from "../../generated/typescript/src/index.js";
import { runVectors, type VectorFile } from "./vectors.js";

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly { readonly after: number; readonly value?: unknown }[];
  readonly final?: unknown;
}

const KEYS = { file: [], vector: ["text", "values", "final"] };

/** The text as it is, a character at a time, and cut in two at every place. */
function* ways(text: string): Generator<string[]> {
  const letters = [...text];
  yield [text];
  yield letters;
  for (let cut = 0; cut <= letters.length; cut += 1) {
    yield [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
  }
}

function checkValue({ values = [], name }: Vector, json: PartialJson): void {
  const count = [...json.text].length;
  const expected = values.findLast(({ after }) => after <= count);
  assert.deepEqual(json.value(), expected?.value, `${name} after ${count} characters`);
}

runVectors<VectorFile<Vector>>("partial-json", KEYS, (vector, file) => {
  for (const pieces of ways(vector.text)) {
    const json = new PartialJson();
    for (const piece of pieces) {
      json.feed(piece);
      if (file.class !== "broken") checkValue(vector, json);
    }
    if (file.class !== "broken") assert.deepEqual(json.finish(), vector.final);
    else assert.throws(() => json.finish(), { name: "ResponseDecodeError", raw: vector.text });
  }
});

const TEXTS = [
  '{"city": "Malmö", "days": [1, 2.5, -3e2], "nested": {"a": {"b": [true, false, null, "x"]}}}',
  '{"quote": "he said \\"so\\" \\\\ \\u00e9 \\ud83d\\ude00", "wide": "naïve 😀 end"}',
  '[[], {}, [{}], "", 0, {"": ""}]',
  ' {\n  "key" : [ 1 , { "x" : "y" } ] , "last" : "z"\n} ',
  '"only a text"',
];

test("a text fed in two pieces, cut anywhere, is read as the whole", () => {
  for (const text of TEXTS) {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const json = new PartialJson().feed(text.slice(0, cut)).feed(text.slice(cut));

      assert.deepEqual(json.finish(), JSON.parse(text));
      assert.deepEqual(json.value(), JSON.parse(text));
    }
  }
});

/** Whether `part` is `whole` with its end left out at every open place. */
function isBeginningOf(part: unknown, whole: unknown): boolean {
  if (typeof part === "string") return typeof whole === "string" && whole.startsWith(part);
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item, index) => isBeginningOf(item, whole[index]));
  }
  if (typeof part === "object" && part !== null) {
    const fields = whole as Readonly<Record<string, unknown>>;
    return Object.entries(part).every(([key, item]) => isBeginningOf(item, fields[key]));
  }
  return part === whole;
}

test("the value of every beginning is a beginning of the value, and never shrinks", () => {
  for (const text of TEXTS) {
    const json = new PartialJson();
    let last: unknown;
    for (const unit of text.split("")) {
      const value = json.feed(unit).value();

      assert.ok(value === undefined || isBeginningOf(value, JSON.parse(text)), json.text);
      assert.ok(last === undefined || isBeginningOf(last, value), json.text);
      last = value;
    }
  }
});

test("what is open is closed, and what may go on is left out", () => {
  const shown = (text: string): unknown => new PartialJson().feed(text).value();

  assert.equal(shown(""), undefined);
  assert.deepEqual(shown("{"), {});
  assert.deepEqual(shown('{"a'), {});
  assert.deepEqual(shown('{"a"'), {});
  assert.deepEqual(shown('{"a":'), {});
  assert.deepEqual(shown('{"a": "b'), { a: "b" });
  assert.deepEqual(shown('{"a": "b\\'), { a: "b" });
  assert.deepEqual(shown('{"a": "b\\u00'), { a: "b" });
  assert.deepEqual(shown('{"a": "b\\ud83d'), { a: "b" });
  assert.deepEqual(shown('{"a": 1'), {});
  assert.deepEqual(shown('{"a": 1,'), { a: 1 });
  assert.deepEqual(shown('{"a": [tr'), { a: [] });
  assert.deepEqual(shown('{"a": [true,'), { a: [true] });
  assert.deepEqual(shown('{"a": {"b": [1, 2'), { a: { b: [1] } });
});

test("a text that is not JSON is an error that carries it", () => {
  const json = new PartialJson().feed('{"a": oops}');

  assert.throws(
    () => json.finish(),
    (error) => error instanceof ResponseDecodeError && error.raw === '{"a": oops}',
  );
});
