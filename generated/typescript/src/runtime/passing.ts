// Part of the SDK's fixed runtime: it is the same for every specification.

import { raw } from "./bodies.js";
import { APIError, ConfigurationError } from "./errors.js";
import { parseJson } from "./json.js";
import { percentEncoded, type BinaryInput, type OperationRequest } from "./request.js";
import { readBytes } from "./responses.js";
import type { CallOptions, Transport } from "./transport.js";

/** Where calls of what an API passes on go. */
export interface PassingRule {
  /** What stands before a path, unless it begins with one of `direct`. */
  readonly under: string;
  readonly direct: readonly string[];
  /** The header of answers that are the API's own. */
  readonly ownErrors?: string;
  /** The header of an answer that is not there yet. */
  readonly pending?: string;
  readonly security?: readonly (readonly string[])[];
}

/** The body of a call that is passed on. */
export interface RawBody {
  readonly json?: unknown;
  /** Sent as it is, as `application/octet-stream` unless a header says otherwise. */
  readonly content?: BinaryInput | string;
}

/** What was answered, as it came. */
export class RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly requestId: string | undefined;
  readonly content: Uint8Array;

  constructor(
    { status, headers }: Pick<Response, "status" | "headers">,
    requestId: string | undefined,
    content: Uint8Array,
  ) {
    this.status = status;
    this.headers = headers;
    this.requestId = requestId;
    this.content = content;
  }

  /** Whether the status is one of 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The body as text. */
  get text(): string {
    return new TextDecoder().decode(this.content);
  }

  /**
   * Reads the body as JSON; raises a `SyntaxError` if it is none, and a `RangeError` if it holds
   * a whole number that is too large to be kept.
   */
  json<Value = unknown>(): Value {
    return parseJson(this.text) as Value;
  }
}

/** Calls what an API passes on, by path. */
export class PassedCalls<Options extends CallOptions> {
  readonly #transport: Transport;
  readonly #rule: PassingRule;

  constructor(transport: Transport, rule: PassingRule) {
    this.#transport = transport;
    this.#rule = rule;
  }

  /** Calls a path with any method. */
  request(method: string, path: string, options?: Options & RawBody): Promise<RawAnswer> {
    return passOn(this.#transport, this.#rule, [method, path], options);
  }

  /** Gets a path. */
  get(path: string, options?: Options): Promise<RawAnswer> {
    return this.request("GET", path, options);
  }

  /** Posts to a path. */
  post(path: string, options?: Options & RawBody): Promise<RawAnswer> {
    return this.request("POST", path, options);
  }

  /** Puts something at a path. */
  put(path: string, options?: Options & RawBody): Promise<RawAnswer> {
    return this.request("PUT", path, options);
  }

  /** Changes what is at a path. */
  patch(path: string, options?: Options & RawBody): Promise<RawAnswer> {
    return this.request("PATCH", path, options);
  }

  /** Deletes what is at a path. */
  delete(path: string, options?: Options): Promise<RawAnswer> {
    return this.request("DELETE", path, options);
  }
}

/** Calls a path and gives what was answered, whatever its status. */
async function passOn(
  transport: Transport,
  rule: PassingRule,
  [method, path]: readonly [method: string, path: string],
  { json, content, ...options }: CallOptions & RawBody = {},
): Promise<RawAnswer> {
  const verb = method.toUpperCase();
  const request: OperationRequest = {
    verb,
    path: passedPath(rule, path),
    accept: "*/*",
    body: content ?? json,
    security: rule.security,
    ...(rule.pending !== undefined && { pending: rule.pending }),
    ...(content !== undefined && { encode: raw("application/octet-stream") }),
    ...(/^(POST|PATCH)$/.test(verb) && { idempotency: "key" }),
  };
  try {
    return await transport.call(
      request,
      async (accepted) =>
        new RawAnswer(accepted.response, accepted.requestId, await readBytes(accepted)),
      options,
    );
  } catch (error) {
    if (!(error instanceof APIError) || rule.ownErrors === undefined) throw error;
    const { status = 0, headers, requestId, content } = error;
    // An answer that is not there yet has a status of success.
    if (status < 300 || headers?.has(rule.ownErrors) !== false) throw error;
    return new RawAnswer({ status, headers }, requestId, content);
  }
}

/** A path with a step up could leave the part of the API that passes calls on. */
function passedPath({ under, direct }: PassingRule, path: string): string {
  const whole = path.replace(/^(?!\/)/, "/");
  const [steps = ""] = whole.split("?", 1);
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(steps)) {
    throw new ConfigurationError("a path has no dots for a step");
  }
  const start = direct.some((each) => whole.startsWith(each)) ? "" : under;
  return start + whole.replace(/[^\w/%:@!$&'()*+,;=~.?-]+/g, percentEncoded);
}
