import assert from "node:assert/strict";
import { test } from "node:test";

import { multipart, raw, urlEncoded } from "../../generated/typescript/src/runtime/bodies.js";
import {
  requestUrl,
  type OperationRequest,
} from "../../generated/typescript/src/runtime/request.js";
import * as styles from "../../generated/typescript/src/runtime/styles.js";

const LIST = ["blue", "black", "a b&c"];
const OBJECT = { R: 100, G: "x y" };

function urlOf(request: Partial<OperationRequest>): string {
  const whole = { verb: "GET", path: "/things", ...request };
  return requestUrl("https://api.test", whole, whole.query ?? {}).slice("https://api.test".length);
}

test("query parameters are written in every style of OpenAPI", () => {
  const query = (value: object): string => urlOf({ query: value }).replace("/things?", "");

  assert.equal(query({ c: LIST }), "c=blue&c=black&c=a%20b%26c");
  assert.equal(query({ c: OBJECT }), "R=100&G=x%20y");
  assert.equal(query({ c: styles.delimited("c", LIST, ",") }), "c=blue,black,a%20b%26c");
  assert.equal(query({ c: styles.delimited("c", OBJECT, ",") }), "c=R,100,G,x%20y");
  assert.equal(query({ c: styles.delimited("c", LIST, "%20") }), "c=blue%20black%20a%20b%26c");
  assert.equal(query({ c: styles.delimited("c", LIST, "%7C") }), "c=blue%7Cblack%7Ca%20b%26c");
  assert.equal(query({ c: styles.deepObject("c", OBJECT) }), "c%5BR%5D=100&c%5BG%5D=x%20y");
  assert.equal(
    query({ c: styles.deepObject("c", { a: { b: [1, 2] } }) }),
    ["c%5Ba%5D%5Bb%5D%5B0%5D=1", "c%5Ba%5D%5Bb%5D%5B1%5D=2"].join("&"),
  );
  assert.equal(
    query({ c: styles.asJson(OBJECT) }),
    "c=%7B%22R%22%3A100%2C%22G%22%3A%22x%20y%22%7D",
  );
  assert.equal(query({ c: styles.reserved("c", "a/b?c&d#e") }), "c=a/b?c%26d%23e");
  assert.equal(urlOf({ query: { c: styles.delimited("c", undefined, ",") } }), "/things");
});

test("path parameters are written in every style of OpenAPI", () => {
  const path = (value: unknown): string =>
    urlOf({ path: "/{c}", pathParams: { c: value } }).slice(1);

  assert.equal(path(LIST), "blue,black,a%20b%26c");
  assert.equal(path(styles.simple(OBJECT, true)), "R=100,G=x%20y");
  assert.equal(path(styles.label(LIST, false)), ".blue,black,a%20b%26c");
  assert.equal(path(styles.label(LIST, true)), ".blue.black.a%20b%26c");
  assert.equal(path(styles.label(OBJECT, true)), ".R=100.G=x%20y");
  assert.equal(path(styles.matrix("c", LIST, false)), ";c=blue,black,a%20b%26c");
  assert.equal(path(styles.matrix("c", LIST, true)), ";c=blue;c=black;c=a%20b%26c");
  assert.equal(path(styles.matrix("c", OBJECT, true)), ";R=100;G=x%20y");
});

test("lists and objects of headers and cookies are one text", () => {
  assert.equal(styles.listed(["a", 1], false), "a,1");
  assert.equal(styles.listed(OBJECT, false), "R,100,G,x y");
  assert.equal(styles.listed(OBJECT, true), "R=100,G=x y");
  assert.equal(styles.listed(undefined, true), undefined);
});

test("a path that has a query of its own goes on with it", () => {
  assert.equal(urlOf({ path: "/things?beta=true", query: { a: 1 } }), "/things?beta=true&a=1");
});

test("an URL-encoded form writes lists, joined lists and JSON", async () => {
  const encode = urlEncoded({ joined: { separator: "," }, meta: { type: "application/json" } });
  const { body, type } = await encode({ a: "x y", list: [1, 2], joined: [1, 2], meta: OBJECT });

  assert.equal(type, "application/x-www-form-urlencoded");
  assert.deepEqual(
    [...new URLSearchParams(body as string)],
    [
      ["a", "x y"],
      ["list", "1"],
      ["list", "2"],
      ["joined", "1,2"],
      ["meta", '{"R":100,"G":"x y"}'],
    ],
  );
});

test("an URL-encoded form writes what is inside a deep field by its path", async () => {
  const encode = urlEncoded({ items: { deep: true }, none: { deep: true } });
  const { body } = await encode({ items: [{ price: "p", tags: ["x", 2] }], none: null });

  assert.deepEqual(
    [...new URLSearchParams(body as string)],
    [
      ["items[0][price]", "p"],
      ["items[0][tags][0]", "x"],
      ["items[0][tags][1]", "2"],
    ],
  );
});

test("a multipart form carries files of every kind with their names and types", async () => {
  const encode = multipart({
    scan: { type: "image/png" },
    meta: { type: "application/json" },
    either: { fileType: "image/webp" },
  });
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("streamed"));
      controller.close();
    },
  });
  const { body, type } = await encode({
    scan: [new File(["one"], "one.png"), Uint8Array.from([1, 2])],
    meta: { pages: 2 },
    note: "hello",
    count: 3,
    cover: { a: [1] },
    either: [new Blob(["w"]), 3],
    stream,
    absent: undefined,
  });
  const form = await new Response(body as FormData).formData();
  const shown = await Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === "string"
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString("latin1")],
    ),
  );

  assert.equal(type, undefined);
  assert.deepEqual(shown, [
    ["scan", "one.png", "image/png", "one"],
    ["scan", "blob", "image/png", "\x01\x02"],
    ["meta", "blob", "application/json", '{"pages":2}'],
    ["note", "hello"],
    ["count", "3"],
    ["cover", "blob", "application/json", '{"a":[1]}'],
    ["either", "blob", "image/webp", "w"],
    ["either", "3"],
    ["stream", "blob", "application/octet-stream", "streamed"],
  ]);
});

test("text and bytes are sent as they are", async () => {
  assert.deepEqual(await raw("text/csv")("a,b"), { body: "a,b", type: "text/csv" });
  const picture = new Blob(["png"], { type: "image/png" });
  assert.deepEqual(await raw("application/octet-stream")(picture), {
    body: picture,
    type: "image/png",
  });
});
