import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds the specification: the compiled tests lie some way below it. */
function repositoryRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "spec", "openapi.yaml"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("the tests are outside the repository");
    folder = parent;
  }
  return folder;
}

/** Gives the path of a file of the repository. */
export function repositoryFile(name: string): string {
  return path.join(repositoryRoot(), name);
}
