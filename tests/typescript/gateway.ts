import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { Headgate, type ClientOptions } from "../../generated/typescript/src/index.js";
import { repositoryFile } from "./repository.js";

/** The gateway key that every gateway of the tests takes. */
export const API_KEY = "hg_v1_a-gateway-key-of-the-tests";
const ADMIN_KEY = "the-admin-key-of-the-tests";

/** A gateway in a process of its own, with an empty database. */
export class Gateway {
  readonly url: string;
  /** Every request that the clients made, as `METHOD path`. */
  readonly calls: string[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#process = child;
    this.#folder = folder;
  }

  static async start(): Promise<Gateway> {
    const folder = mkdtempSync(path.join(tmpdir(), "gateway-"));
    const environment = Object.entries(process.env).filter(([name]) => !/^HEADGATE_/.test(name));
    const child = spawn(python(), ["-m", "headgate_gateway", "serve", "--port", "0"], {
      cwd: folder,
      env: {
        ...Object.fromEntries(environment),
        HEADGATE_GATEWAY_DATABASE_URL: `sqlite:///${path.join(folder, "gateway.sqlite3")}`,
        HEADGATE_GATEWAY_API_KEY: API_KEY,
        HEADGATE_GATEWAY_ADMIN_KEY: ADMIN_KEY,
        HEADGATE_GATEWAY_LOG_LEVEL: "warning",
        HEADGATE_GATEWAY_PRIVATE_NETWORKS: "127.0.0.0/8",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const died = once(child, "exit").then(() => {
      throw new Error("the gateway did not start");
    });
    const first = once(createInterface({ input: child.stdout }), "line");
    const [line] = (await Promise.race([first, died])) as [string];
    died.catch(() => undefined);
    return new Gateway((JSON.parse(line) as { url: string }).url, child, folder);
  }

  /** Makes a client that may do everything here. */
  client(options: ClientOptions = {}): Headgate {
    return new Headgate({
      baseUrl: this.url,
      apiKey: API_KEY,
      adminKey: ADMIN_KEY,
      fetch: (url, init) => {
        this.calls.push(`${init.method} ${new URL(url).pathname}`);
        return fetch(url, init);
      },
      ...options,
    });
  }

  /** How many event streams the gateway says it is sending. */
  async openStreams(): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/^headgate_open_streams (.*)$/m.exec(text)?.[1]);
  }

  /** Waits until the gateway sends no stream any more. */
  async untilNoStreamIsOpen(): Promise<void> {
    while ((await this.openStreams()) > 0);
  }

  async stop(): Promise<void> {
    const left = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await left;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The interpreter of the repository's own environment. */
function python(): string {
  const own = repositoryFile(".venv/bin/python");
  assert.ok(existsSync(own), "the Python environment is set up (make .stamps/python)");
  return own;
}
