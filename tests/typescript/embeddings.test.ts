import assert from "node:assert/strict";

import {
  ConfigurationError,
  ResponseDecodeError,
  vectors,
} from "../../generated/typescript/src/index.js";
import { runVectors, type VectorFile } from "./vectors.js";

interface Vector {
  readonly name: string;
  readonly a: number[];
  readonly b: number[];
  readonly vector: number[];
  readonly vectors: number[][];
  readonly query: number[];
  readonly candidates: number[][];
  readonly metric?: vectors.Metric;
  readonly top_k?: number;
  readonly cosine: number;
  readonly dot: number;
  readonly euclidean: number;
  readonly manhattan: number;
  readonly expect: readonly number[] | readonly vectors.Match[];
  readonly error?: "configuration" | "decode";
}

const KEYS = {
  file: [],
  vector: [
    ...["a", "b", "cosine", "dot", "euclidean", "manhattan", "vector", "vectors"],
    ...["query", "candidates", "metric", "top_k", "expect", "error"],
  ],
};
const ERRORS = { configuration: ConfigurationError, decode: ResponseDecodeError };
const RUNS: Readonly<Record<string, (vector: Vector) => unknown>> = {
  measures: ({ a, b }) => ({
    cosine: vectors.cosine(a, b),
    dot: vectors.dot(a, b),
    euclidean: vectors.euclidean(a, b),
    manhattan: vectors.manhattan(a, b),
  }),
  normalize: ({ vector }) => vectors.normalize(vector),
  average: (vector) => vectors.average(vector.vectors),
  encodings: ({ vector }) => vectors.numbersOf(vector),
  nearest: ({ query, candidates, metric, top_k: topK }) =>
    vectors.findMostSimilar(query, candidates, {
      ...(metric === undefined ? {} : { metric }),
      ...(topK === undefined ? {} : { topK }),
    }),
};

/** Compares numbers to one part in 10¹², and everything around them as it is. */
function assertClose(found: unknown, expected: unknown): void {
  if (typeof found === "number" && typeof expected === "number") {
    const most = Math.max(Math.abs(found), Math.abs(expected));
    assert.ok(Math.abs(found - expected) <= 1e-12 * most, `${found} is not ${expected}`);
    return;
  }
  assert.ok(typeof found === "object" && found !== null);
  assert.ok(typeof expected === "object" && expected !== null);
  assert.deepEqual(Object.keys(found), Object.keys(expected));
  for (const [key, value] of Object.entries(found)) {
    assertClose(value, (expected as Record<string, unknown>)[key]);
  }
}

runVectors<VectorFile<Vector>>("embeddings", KEYS, (vector, file) => {
  const run = RUNS[file.class];
  assert.ok(run, `a runner of ${file.class}`);
  if (vector.error !== undefined) {
    assert.throws(() => run(vector), ERRORS[vector.error]);
    return;
  }
  const { cosine, dot, euclidean, manhattan } = vector;
  const stated = file.class === "measures" ? { cosine, dot, euclidean, manhattan } : vector.expect;
  assertClose(run(vector), stated);
});
