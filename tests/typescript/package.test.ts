import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { repositoryFile } from "./repository.js";
import { WireServer, writeHead } from "./wire.js";

const execute = promisify(execFile);
const TOOLS = repositoryFile("tests/typescript/node_modules/.bin");
const MODEL = { id: "mock/echo", object: "model" };

let folder: string;
let application: string;
let server: WireServer;

/** Runs a program of the tests' own node_modules, or fails with all that it said. */
async function run(program: string, parameters: string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${TOOLS}${path.delimiter}${process.env["PATH"]}` };
  try {
    const { stdout, stderr } = await execute(program, parameters, { cwd, env });
    return stdout + stderr;
  } catch (failure) {
    const { stdout, stderr } = failure as { stdout: string; stderr: string };
    throw new Error(`${program} ${parameters.join(" ")}\n${stdout}${stderr}`, { cause: failure });
  }
}

/** Builds the package, packs it and installs it where an application would. */
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "package-"));
  const source = path.join(folder, "source");
  cpSync(repositoryFile("generated/typescript"), source, { recursive: true });
  rmSync(path.join(source, "dist"), { recursive: true, force: true });
  await run("npm", ["run", "build"], source);
  await run("npm", ["pack", "--pack-destination", folder], source);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  assert.ok(archive !== undefined);
  application = path.join(folder, "application");
  const installed = path.join(application, "node_modules", "@headgate", "sdk");
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", path.join(folder, archive), "--strip-components=1"], installed);
  server = await WireServer.start((socket) => {
    const body = JSON.stringify(MODEL);
    writeHead(socket, 200, { "Content-Length": String(body.length) });
    socket.end(body);
  });
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function runProgram(name: string, text: string): Promise<unknown> {
  writeFileSync(path.join(application, name), text);
  return JSON.parse(await run(process.execPath, [name, server.url], application));
}

const PROGRAM = `
async function main() {
  const client = new Headgate({ baseUrl: process.argv[2] });
  const alone = new Models({ baseUrl: process.argv[2] });
  const answers = [await client.models.get("a"), await alone.get("b")];
  const refused = await client.runs.get("..").catch((error) => error instanceof HeadgateError);
  console.log(JSON.stringify({ answers, refused }));
}
main();
`;
const EXPECTED = { answers: [MODEL, MODEL], refused: true };

test("the installed package runs as an ES module", async () => {
  const imports = `
import { Headgate, HeadgateError } from "@headgate/sdk";
import { Models } from "@headgate/sdk/resources/models";
`;

  assert.deepEqual(await runProgram("program.mjs", imports + PROGRAM), EXPECTED);
});

test("the installed package runs as CommonJS", async () => {
  const requires = `
const { Headgate, HeadgateError } = require("@headgate/sdk");
const { Models } = require("@headgate/sdk/resources/models");
`;

  assert.deepEqual(await runProgram("program.cjs", requires + PROGRAM), EXPECTED);
});

const TYPED = `
import { Headgate, type MessageStreamEvent } from "@headgate/sdk";
import { Keys } from "@headgate/sdk/resources/admin/keys";

export async function say(client: Headgate): Promise<string> {
  const stream = client.messages.stream({
    model: "mock/echo",
    messages: [{ role: "user", content: "Hello" }],
  });
  for await (const event of stream) tell(event);
  const { content } = await stream.final();
  const [first] = content;
  return first?.type === "text" ? first.text : String(first?.type);
}

export function tell(event: MessageStreamEvent): number {
  switch (event.type) {
    case "content_block_delta":
      return event.delta.type === "text_delta" ? event.delta.text.length : 0;
    case "message_stop":
      return 0;
    default:
      return String(event.type).length;
  }
}

export const keys = new Keys({ adminKey: "key" });

// @ts-expect-error: a request has no such field
void new Headgate().messages.create({ model: "m", messages: [], nonsense: true });
// @ts-expect-error: a required field is missing
void new Headgate().messages.create({ model: "m" });
`;

test("the installed types hold for importers of both kinds", async () => {
  writeFileSync(path.join(application, "typed.mts"), TYPED);
  writeFileSync(path.join(application, "typed.cts"), TYPED);
  const settings = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const modules = ["--module", "NodeNext", "--target", "ES2022", "--lib", "ES2022,DOM"];
  const said = await run(
    "tsc",
    ["--noEmit", ...settings, ...modules, "typed.mts", "typed.cts"],
    application,
  );

  assert.equal(said, "");
});

test("publint finds nothing to say", async () => {
  const said = await run("publint", ["--strict"], path.join(folder, "source"));

  assert.match(said, /All good!/);
});

test("every way of resolving the package finds its types", async () => {
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  const said = await run("attw", [path.join(folder, archive), "--no-color"], folder);

  assert.match(said, /No problems found/);
});

const WHOLE = `import { Headgate } from "@headgate/sdk"; new Headgate();`;
const ALONE = `import { Models } from "@headgate/sdk/resources/models"; new Models();`;

for (const [name, contents, most] of [
  ["the whole client", WHOLE, 15_000],
  ["one resource imported alone", ALONE, 6_000],
] as const)
  test(`${name} is small`, async () => {
    const stdin = { contents, resolveDir: application };
    const form = { bundle: true, format: "esm", minify: true } as const;
    const { outputFiles } = await build({ stdin, ...form, write: false });
    const size = gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;

    assert.ok(size <= most, `${size} bytes`);
  });

test("one resource imported alone brings no other, and no stream it does not have", async () => {
  const bundle = await build({
    stdin: { contents: ALONE, resolveDir: application },
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
    treeShaking: true,
  });
  const output = Object.values(bundle.metafile.outputs)[0];
  const used = Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([name]) => name.replace(/^.*\/dist\/esm\//, ""));

  assert.ok(used.includes("resources/models.js"));
  assert.deepEqual(
    used.filter((name) => /^(resources|streams)\//.test(name)),
    ["resources/models.js"],
  );
  for (const absent of ["errors", "extensions", "runtime/logging", "runtime/stream"]) {
    assert.ok(!used.includes(`${absent}.js`), absent);
  }
});
