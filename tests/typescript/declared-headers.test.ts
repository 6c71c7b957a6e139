import assert from "node:assert/strict";

import { readHeader, type HeaderKind } from "../../generated/typescript/src/runtime/declared.js";
import { runVectors, type VectorFile } from "./vectors.js";

interface Vector {
  readonly name: string;
  readonly kind: HeaderKind;
  readonly lines: readonly string[];
  readonly value: unknown;
}

const KEYS = { file: [], vector: ["kind", "lines", "value"] };

runVectors<VectorFile<Vector>>("declared-headers", KEYS, ({ kind, lines, value }) => {
  const headers = new Headers();
  for (const line of lines) headers.append("X-Read", line);

  assert.deepEqual(readHeader(headers.get("X-Read"), kind) ?? null, value);
});
