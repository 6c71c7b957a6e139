import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { repositoryFile } from "./repository.js";
import { manifest } from "./vectors.js";

test("every family of vectors has a runner", () => {
  const without = Object.keys(manifest()).filter(
    (family) => !existsSync(repositoryFile(`tests/typescript/${family}.test.ts`)),
  );

  assert.deepEqual(without, []);
});
