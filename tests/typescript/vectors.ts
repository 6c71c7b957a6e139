import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

import { repositoryFile } from "./repository.js";

/** A file of vectors; keys beside these belong to its folder. */
export interface VectorFile<Vector> {
  readonly class: string;
  readonly about: string;
  readonly vectors: readonly Vector[];
}

/** Text given in repeated parts. */
export type Parts = readonly (readonly [string, number])[];

/** Joins the parts of a long text. */
export function joined(parts: Parts): string {
  return parts.map(([piece, times]) => piece.repeat(times)).join("");
}

/** Fails on a key that the runner does not know. */
export function refuseOtherKeys(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  assert.deepEqual(unknown, [], `${where} has keys that this runner does not know`);
}

/** Reads every file of a folder of vectors. */
export function readVectors<File extends VectorFile<unknown>>(
  folder: string,
  keys: { readonly file: readonly string[]; readonly vector: readonly string[] },
): File[] {
  const names = readdirSync(repositoryFile(`spec/vectors/${folder}`));
  assert.ok(names.length > 0);
  return names.sort().map((name) => {
    const file = readJson(`spec/vectors/${folder}/${name}`) as File;
    refuseOtherKeys(file, ["class", "about", "vectors", ...keys.file], name);
    for (const vector of file.vectors) {
      refuseOtherKeys(vector as object, ["name", "note", ...keys.vector], name);
    }
    return file;
  });
}

/** Reads a JSON file of the repository. */
export function readJson(name: string): unknown {
  return JSON.parse(readFileSync(repositoryFile(name), "utf8"));
}
