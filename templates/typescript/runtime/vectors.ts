// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError, ResponseDecodeError } from "./errors.js";

/** A vector of numbers, such as an embedding is. */
export type Vector = ArrayLike<number>;

/** How two vectors are compared. */
export type Metric = "cosine" | "dot" | "euclidean" | "manhattan";

/** A candidate: its place in the list, and how it compares with the query. */
export interface Match {
  readonly index: number;
  readonly score: number;
}

/** What a search for the most similar vectors may be told. */
export interface SearchOptions {
  /** How many matches at most; all of them by default. */
  readonly topK?: number;
  /** `cosine` and `dot` are greatest where vectors are alike, the distances least. */
  readonly metric?: Metric;
}

/** The sum of the products of the vectors' numbers. */
export function dot(a: Vector, b: Vector): number {
  return sum(a, b, (x, y) => x * y);
}

/** The cosine of the angle between two vectors, -1 to 1; 0 to a zero vector. */
export function cosine(a: Vector, b: Vector): number {
  return Math.max(-1, Math.min(1, dot(normalize(a), normalize(b))));
}

/** The length of the straight way between two vectors. */
export function euclidean(a: Vector, b: Vector): number {
  check(a, b);
  return length(Array.from(a, (x, at) => x - b[at]!));
}

/** The sum of the distances between the vectors' numbers. */
export function manhattan(a: Vector, b: Vector): number {
  return sum(a, b, (x, y) => Math.abs(x - y));
}

/** The vector of length 1 in the same direction; a zero vector stays so. */
export function normalize(vector: Vector): number[] {
  const whole = length(vector);
  return Array.from(vector, (x) => (whole === 0 ? 0 : x / whole));
}

/** The mean of vectors, number by number. */
export function average(vectors: readonly Vector[]): number[] {
  const [first] = vectors;
  if (first === undefined) throw new ConfigurationError("there is no average of no vectors");
  for (const each of vectors) check(first, each);
  return Array.from(first, (_, at) => {
    return vectors.reduce((total, each) => total + each[at]!, 0) / vectors.length;
  });
}

/** Compares each candidate with the query; the nearest first, equals as they stand. */
export function findMostSimilar(
  query: Vector,
  candidates: readonly Vector[],
  { topK = Infinity, metric = "cosine" }: SearchOptions = {},
): Match[] {
  if (!(topK >= 1)) throw new ConfigurationError("topK is a whole number from 1 on");
  const measure = MEASURES[metric];
  const sign = metric === "cosine" || metric === "dot" ? -1 : 1;
  return candidates
    .map((each, index) => ({ index, score: measure(query, each) }))
    .sort((a, b) => sign * (a.score - b.score))
    .slice(0, topK);
}

const MEASURES = { cosine, dot, euclidean, manhattan };

/** A vector's numbers; in base64 they are little-endian 32-bit floats. */
export function numbersOf(vector: readonly number[] | string): number[] {
  if (typeof vector !== "string") return [...vector];
  const bytes = decoded(vector);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

function decoded(text: string): Uint8Array {
  const said = "the vector is no base64 of 32-bit floats";
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new ResponseDecodeError(said, text, { cause });
  }
  if (bytes.length % 4 !== 0) throw new ResponseDecodeError(said, text);
  return bytes;
}

/** The length of a vector, also where squares of its numbers are out of range. */
function length(vector: Vector): number {
  let greatest = 0;
  for (let at = 0; at < vector.length; at += 1)
    greatest = Math.max(greatest, Math.abs(vector[at]!));
  if (greatest === 0) return 0;
  let squares = 0;
  for (let at = 0; at < vector.length; at += 1) squares += (vector[at]! / greatest) ** 2;
  return greatest * Math.sqrt(squares);
}

function sum(a: Vector, b: Vector, term: (x: number, y: number) => number): number {
  check(a, b);
  let total = 0;
  for (let at = 0; at < a.length; at += 1) total += term(a[at]!, b[at]!);
  return total;
}

function check(a: Vector, b: Vector): void {
  if (a.length === b.length) return;
  throw new ConfigurationError(`vectors of ${a.length} and ${b.length} numbers do not compare`);
}
