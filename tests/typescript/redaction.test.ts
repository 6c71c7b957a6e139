import assert from "node:assert/strict";

import type { JsonObject, JsonValue } from "../../templates/typescript/runtime/json.js";
import {
  redacted,
  redactedText,
  type Secrets,
} from "../../templates/typescript/runtime/redaction.js";
import { joined, refuseOtherKeys, runVectors, type Parts, type VectorFile } from "./vectors.js";

type Long = { readonly $parts: Parts };

interface Vector {
  readonly name: string;
  readonly secrets?: readonly string[];
  readonly credential_parameters?: readonly string[];
  readonly given: JsonValue | Long;
  readonly shown: JsonValue | Long;
}

interface File extends VectorFile<Vector> {
  readonly product: {
    readonly credential_headers: readonly string[];
    readonly credential_parameters: readonly string[];
    readonly header_prefixes: readonly string[];
    readonly idempotency_header: string;
  };
}

const KEYS = {
  file: ["product"],
  vector: ["secrets", "credential_parameters", "given", "shown"],
};
const PRODUCT_KEYS = [
  "credential_headers",
  "credential_parameters",
  "header_prefixes",
  "idempotency_header",
];

function secretsOf(vector: Vector, { product }: File): Secrets {
  refuseOtherKeys(product, PRODUCT_KEYS, vector.name);
  const names = [
    ...product.credential_headers,
    ...product.credential_parameters,
    ...(vector.credential_parameters ?? []),
  ];
  return {
    names: names.map((name) => name.toLowerCase()),
    prefixes: product.header_prefixes.map((prefix) => prefix.toLowerCase()),
    shown: [product.idempotency_header.toLowerCase()],
    values: vector.secrets ?? [],
  };
}

function whole(value: JsonValue | Long): JsonValue {
  const { $parts } = value as Partial<Long>;
  return $parts === undefined ? (value as JsonValue) : joined($parts);
}

function show(kind: string, given: JsonValue, secrets: Secrets): JsonValue | undefined {
  switch (kind) {
    case "texts":
    case "urls":
      return redactedText(given as string, secrets);
    case "headers":
      return redacted(given as JsonObject, secrets);
    case "bodies":
      return redacted(given, secrets);
    default:
      throw new Error(`this runner does not know ${kind}`);
  }
}

runVectors<File>("redaction", KEYS, (vector, file) => {
  const shown = show(file.class, whole(vector.given), secretsOf(vector, file));

  assert.deepEqual(shown, whole(vector.shown));
});
