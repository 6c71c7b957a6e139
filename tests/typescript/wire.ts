import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** What a server does with the connection of a request; it answers each with one script. */
export type Script = (socket: Socket, request: WireRequest) => void | Promise<void>;

/** A server on loopback that speaks whatever bytes it is told to. */
export class WireServer {
  readonly requests: WireRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      // A client that leaves before its request is whole has asked for nothing.
      this.#serve(socket, script).catch(() => undefined);
    });
  }

  static async start(script: Script): Promise<WireServer> {
    const server = new WireServer(script);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(socket: Socket, script: Script): Promise<void> {
    const request = await readRequest(socket, this.url);
    if (request === undefined) return;
    this.requests.push(request);
    await script(socket, request);
  }
}

async function readRequest(socket: Socket, base: string): Promise<WireRequest | undefined> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const [start = "", ...lines] = text.slice(0, end).split("\r\n");
    const headers = new Headers(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1)] as [string, string];
      }),
    );
    const body = text.slice(end + 4);
    if (Buffer.byteLength(body) < Number(headers.get("content-length") ?? 0)) continue;
    const [method = "", path = ""] = start.split(" ");
    return { method, url: new URL(path, base), headers, body };
  }
  return undefined;
}

/** Writes the head of an answer; the connection is not kept. */
export function writeHead(
  socket: Socket,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  const lines = Object.entries({ Connection: "close", ...headers });
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`HTTP/1.1 ${status} Scripted\r\n${text}\r\n`);
}

/** Writes one chunk of a chunked body. */
export function writeChunk(socket: Socket, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  socket.write(`${bytes.length.toString(16)}\r\n`);
  socket.write(bytes);
  socket.write("\r\n");
}

/** Waits until what was written has left, so that a reset does not overtake it. */
export async function flushed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.write("", () => resolve());
  });
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 20);
  });
}
