import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, test, type TestContext } from "node:test";

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

/** Runs every vector of a folder, and then compares what ran with the manifest. */
export function runVectors<File extends VectorFile<{ readonly name: string }>>(
  folder: string,
  keys: { readonly file: readonly string[]; readonly vector: readonly string[] },
  run: (vector: File["vectors"][number], file: File, context: TestContext) => void | Promise<void>,
): void {
  const ran: Record<string, number> = {};
  for (const name of readdirSync(repositoryFile(`spec/vectors/${folder}`)).sort()) {
    const file = readJson(`spec/vectors/${folder}/${name}`) as File;
    assert.equal(`${file.class}.json`, name);
    refuseOtherKeys(file, ["class", "about", "vectors", ...keys.file], name);
    for (const vector of file.vectors) {
      refuseOtherKeys(vector, ["name", "note", ...keys.vector], name);
      test(`${folder} ${file.class}: ${vector.name}`, async (context) => {
        ran[file.class] = (ran[file.class] ?? 0) + 1;
        await run(vector, file, context);
      });
    }
  }
  after(() => assert.deepEqual(ran, manifest()[folder], "every vector of the manifest ran"));
}

/** How many vectors each file of each folder holds. */
export function manifest(): Readonly<Record<string, Readonly<Record<string, number>>>> {
  return readJson("spec/vectors/manifest.json") as ReturnType<typeof manifest>;
}

/** Reads a JSON file of the repository. */
export function readJson(name: string): unknown {
  return JSON.parse(readFileSync(repositoryFile(name), "utf8"));
}
