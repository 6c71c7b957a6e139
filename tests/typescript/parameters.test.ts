import assert from "node:assert/strict";

import { addCookies } from "../../templates/typescript/runtime/headers.js";
import { formPairs, percentEncoded, segment } from "../../templates/typescript/runtime/request.js";
import * as styles from "../../templates/typescript/runtime/styles.js";
import { runVectors, type VectorFile } from "./vectors.js";

interface Vector {
  readonly name: string;
  readonly style: string;
  readonly explode: boolean;
  readonly allow_reserved?: boolean;
  readonly value: unknown;
  readonly written: string | null;
}

type File = VectorFile<Vector>;

const KEYS = { file: [], vector: ["style", "explode", "allow_reserved", "value", "written"] };
const SEPARATORS: Readonly<Record<string, string>> = {
  form: ",",
  pipeDelimited: "%7C",
  spaceDelimited: "%20",
};

function query({ style, explode, allow_reserved, value }: Vector): unknown {
  const encoded = allow_reserved === true ? styles.lenient : percentEncoded;
  const isJoined = !explode && typeof value === "object";
  if (style === "json") return styles.asJson(value);
  if (style === "deepObject") return styles.deepObject("c", value, encoded);
  if (isJoined) return styles.delimited("c", value, SEPARATORS[style] ?? "", encoded);
  return allow_reserved === true ? styles.reserved("c", value) : value;
}

function path({ style, explode, value }: Vector): string {
  if (style === "label") return segment(styles.label(value, explode));
  if (style === "matrix") return segment(styles.matrix("c", value, explode));
  if (style === "json") return segment(styles.asJson(value));
  const isObject = typeof value === "object" && !Array.isArray(value);
  return segment(isObject ? styles.simple(value, explode) : value);
}

function text({ style, explode, value }: Vector): string | undefined {
  if (style === "json") return styles.asJson(value);
  return styles.listed(value, explode);
}

function cookie(vector: Vector): string | null {
  const headers = new Headers();
  addCookies(headers, { c: text({ ...vector, explode: false }) });
  return headers.get("Cookie");
}

function written(place: string, vector: Vector): string | null {
  switch (place) {
    case "query":
      return formPairs({ c: query(vector) }) || null;
    case "path":
      return path(vector);
    case "header":
      return text(vector) ?? null;
    case "cookie":
      return cookie(vector);
    default:
      throw new Error(`unknown class ${place}`);
  }
}

runVectors<File>("parameters", KEYS, (vector, file) => {
  assert.equal(written(file.class, vector), vector.written);
});
