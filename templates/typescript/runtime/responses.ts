// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, parsedJson, SdkError } from "./errors.js";
import type { AttemptRequest } from "./interceptors.js";
import { asString } from "./json.js";
import type { Call } from "./timeouts.js";

/** An answer whose head says success, and the call that its body belongs to. */
export interface Accepted {
  readonly response: Response;
  readonly requestId: string | undefined;
  readonly call: Call;
  /** The attempt that it answers. */
  readonly request: AttemptRequest;
  /** Takes the secrets of the client and of the request out of a text. */
  readonly show: (text: string) => string;
}

/** Turns the body of an answer into what a method gives back. */
export type Reader<Data> = (accepted: Accepted) => Promise<Data>;

/** What a call gave, beside the answer that carried it. The answer's body has been read. */
export interface Exchange<Data> {
  readonly data: Data;
  readonly response: Response;
  readonly requestId: string | undefined;
}

/** A promise of the data that can also give the answer it came in. */
export class ResponsePromise<Data> implements Promise<Data> {
  declare readonly [Symbol.toStringTag]: string;
  readonly #exchange: Promise<Exchange<Data>>;

  constructor(exchange: Promise<Exchange<Data>>) {
    this.#exchange = exchange;
  }

  /** Gives the data, the raw answer and the request id. */
  withResponse(): Promise<Exchange<Data>> {
    return this.#exchange;
  }

  then<Result = Data, Other = never>(
    onfulfilled?: ((value: Data) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return this.#exchange.then(({ data }) => data).then(onfulfilled, onrejected);
  }

  catch<Other = never>(
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Data | Other> {
    return this.then(null, onrejected);
  }

  finally(onfinally?: (() => void) | null): Promise<Data> {
    return this.then().finally(onfinally);
  }
}

/** Reads a JSON body. */
export async function readJson<Data>(accepted: Accepted): Promise<Data> {
  const text = await readText(accepted);
  return parsedJson(text, accepted.requestId) as Data;
}

/** Reads a JSON body where the API may also answer with none. */
export async function readOptionalJson<Data>(accepted: Accepted): Promise<Data | undefined> {
  const { status, headers } = accepted.response;
  if (status === 204 || status === 205 || headers.get("content-length") === "0") {
    return readNothing(accepted);
  }
  return readJson<Data>(accepted);
}

/** Reads the body to its end and drops it, so that the connection can serve the next call. */
export async function readNothing(accepted: Accepted): Promise<undefined> {
  await readBytes(accepted);
}

/** Reads a body as text. */
export async function readText(accepted: Accepted): Promise<string> {
  return new TextDecoder().decode(await readBytes(accepted));
}

/** Reads a body as bytes. */
export async function readBytes(accepted: Accepted): Promise<Uint8Array> {
  const reader = accepted.response.body?.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  try {
    for (;;) {
      const { done = true, value } = (await accepted.call.read(async () => reader?.read())) ?? {};
      if (value) pieces.push(value as Uint8Array<ArrayBuffer>);
      if (done) break;
    }
  } catch (cause) {
    throw connectionError(cause, accepted);
  }
  const [first, second] = pieces;
  return first && !second ? first : new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** What says that a request never reached a server: codes of Node, Bun and Deno. */
const UNSENT = /REFUSED|NOTFOUND|EAI_|UNREACH|CONNECT_TIMEOUT/i;

/** Says in the SDK's own words why an exchange broke: no other error leaves the SDK. */
export function connectionError(
  cause: unknown,
  { call, show }: Pick<Accepted, "call" | "show">,
): SdkError {
  const known = call.stopped ?? cause;
  if (known instanceof SdkError) return known;
  const below = (cause as { cause?: unknown } | null | undefined)?.cause;
  const code = errorCode(cause) ?? errorCode(below) ?? "";
  const what = code || asString((cause as Error | null | undefined)?.message) || String(cause);
  const told = `${String(cause)} ${String(below)}`;
  const shown = show(told);
  return new APIConnectionError(`the connection failed: ${show(what)}`, {
    sent: !UNSENT.test(code),
    // The error of a transport may hold the request; one with a secret is not passed on.
    cause: shown === told ? cause : new Error(shown),
  });
}

function errorCode(error: unknown): string | undefined {
  return asString((error as { code?: unknown } | null | undefined)?.code);
}
