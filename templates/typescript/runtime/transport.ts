// Part of the SDK's fixed runtime: it is the same for every specification.

import {
  APIConnectionError,
  APIError,
  APITimeoutError,
  errorInBody,
  SdkError,
  type APIErrorFacts,
  type ErrorForm,
} from "./errors.js";
import { addHeaders, mappedHeaders, platformHeaders, type HeaderMap } from "./headers.js";
import { tell, type AttemptRequest, type Interceptor, type Observer } from "./interceptors.js";
import { isObject, jsonOr, type JsonValue } from "./json.js";
import {
  checkedBaseUrl,
  requestBody,
  requestUrl,
  type HeaderValues,
  type OperationRequest,
} from "./request.js";
import {
  connectionError,
  readBytes,
  ResponsePromise,
  type Accepted,
  type Exchange,
  type Reader,
} from "./responses.js";
import { decideRetry, retryAfter, RetryQuota, type Failure, type RetryPolicy } from "./retry.js";
import type { FrameLimits } from "./sse.js";
import { Call, withTimeouts, type Timeouts } from "./timeouts.js";

/** The `fetch` that a client sends with. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What one call may ask for itself. */
export interface CallOptions {
  /** Further headers; null takes one of the client's away. */
  readonly headers?: HeaderValues;
  /** Further query parameters. */
  readonly query?: Readonly<Record<string, unknown>>;
  /** Further fields of a JSON body. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
  readonly timeouts?: Partial<Timeouts>;
  /** All attempts, the first one included. */
  readonly maxAttempts?: number;
  /** The key under which the server does this at most once; absent: a random one. */
  readonly idempotencyKey?: string;
  /** `yield` gives out an event that does not parse as a `ResponseDecodeError` among the others. */
  readonly brokenEvents?: "raise" | "yield";
  /** Called after those of the client. */
  readonly interceptors?: readonly Interceptor[];
  /** Cancels the call, and the stream that it opened. */
  readonly signal?: AbortSignal;
  /** Whether a call whose failure does not matter is rejected with it all the same. */
  readonly strict?: boolean;
}

/** What opens calls, and how it gets into a request. */
export interface Credential {
  /** What must not be shown. */
  readonly secrets: readonly string[];
  /** The token, where the credential is one that the caller has. */
  readonly token?: string;
  /** Adds it to a request; where a token has to be asked for, gives those of the call. */
  add(
    headers: Headers,
    query: Record<string, unknown>,
    send: Fetch,
    baseUrl: string,
  ): CallTokens | void;
}

/** Credentials by the names of their schemes; undefined: not given. */
export type Credentials = Readonly<Record<string, Credential | undefined>>;

/** The tokens of one call. */
export interface CallTokens {
  /** Adds a token that is valid as far as is known. */
  add(headers: Headers): Promise<void>;
  /** Whether an error says that the token was refused, for the first time: there is a new one. */
  renews(error: SdkError): boolean;
}

/** What a specification settles for every call. */
export interface Product {
  readonly baseUrl?: string;
  readonly userAgent: string;
  readonly headers: HeaderValues;
  readonly requestIdHeader?: string;
  readonly idempotencyHeader: string;
  /** The header that carries the number of an attempt, from 1. */
  readonly attemptHeader?: string;
  readonly headerMaps: Readonly<Record<string, HeaderMap>>;
  /** The credentials of calls that name none: alternatives, each a set of schemes. */
  readonly security?: readonly (readonly string[])[];
  /** Headers and parameters that hold a secret, whatever their names sound like. */
  readonly secretHeaders?: readonly string[];
  readonly errors: ErrorForm;
  /** The option of calls whose answer may come later that says what waits for it. */
  readonly waits?: string;
}

/** What a transport is made from. */
export interface TransportSettings {
  readonly product: Product;
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly headers: HeaderValues;
  /** The arguments of the scopes that the client is in, by name. */
  readonly scope?: Readonly<Record<string, string>>;
  /** Whether requests say what made them: the user agent and the SDK's own header. */
  readonly platformHeaders?: boolean | undefined;
  readonly timeouts: Timeouts;
  readonly retry: RetryPolicy;
  readonly frameLimits: FrameLimits;
  readonly observers: readonly Observer[];
  readonly traceContext?: (() => HeaderValues) | undefined;
  /** Sends; the call is that of an attempt, and has its clock. */
  readonly send: (url: string, init: RequestInit, call?: Call) => Promise<Response>;
  /** Makes an error of its class; absent: an `APIError`. */
  readonly makeError?: (message: string, facts: APIErrorFacts, isPending: boolean) => APIError;
  /** Takes the secrets of the client and of a request out of a text. */
  readonly show: (text: string, request: AttemptRequest) => string;
}

/** How one sending differs from what its request and its options say. */
export interface Sending {
  readonly accept?: string;
  /** The number of the only attempt, where another rule than that of calls counts them. */
  readonly attempt?: number | undefined;
  /** Named in the error when a stream could not be taken up again. */
  readonly lastEventId?: string | undefined;
}

/** Sends a request, and waits for an answer that is not there yet. */
export type Waiting = (
  transport: Transport,
  call: Call,
  request: OperationRequest,
  options: CallOptions,
  sending: Sending,
) => Promise<Accepted>;

interface Prepared {
  readonly body: RequestInit["body"];
  readonly tokens: CallTokens | undefined;
  readonly repeatable: boolean;
  /** Each attempt has headers of its own, so that what is changed is changed once. */
  readonly request: (attempt: number) => Promise<AttemptRequest>;
}

const SAFE_TO_REPEAT = /^(GET|HEAD|PUT|DELETE|OPTIONS|TRACE|QUERY)$/;

/** Sends requests: credentials, timeouts, retries and errors are settled here for all of them. */
export class Transport {
  readonly settings: TransportSettings;
  /** What the retries of all calls cost; scopes share it. */
  readonly quota: RetryQuota;
  /** Where the API is, without a slash at its end. */
  readonly baseUrl: string;

  constructor(settings: TransportSettings, quota = new RetryQuota(settings.retry.quota)) {
    this.settings = settings;
    this.quota = quota;
    this.baseUrl = checkedBaseUrl(settings.baseUrl);
  }

  /** Makes a call and reads its whole answer. */
  call<Data>(
    request: OperationRequest,
    read: Reader<Data>,
    options: CallOptions = {},
  ): ResponsePromise<Data> {
    return new ResponsePromise(this.#exchange(request, read, options));
  }

  /** All that look on while a call is made. */
  observers({ interceptors = [] }: CallOptions): readonly Observer[] {
    return [...this.settings.observers, ...interceptors];
  }

  /** Starts the clock of a call. */
  begin({ timeouts, signal }: CallOptions): Call {
    return new Call(withTimeouts(this.settings.timeouts, timeouts), signal);
  }

  /** Sends a request, and waits for an answer that comes later if the caller says how. */
  send(
    call: Call,
    request: OperationRequest,
    options: CallOptions,
    sending: Sending = {},
  ): Promise<Accepted> {
    const { [this.settings.product.waits ?? ""]: waits } = options as Record<string, unknown>;
    return waits && request.pending
      ? (waits as Waiting)(this, call, request, options, sending)
      : this.sendNow(call, request, options, sending);
  }

  /** Sends a request until it is accepted, or raises the error of its last attempt. */
  async sendNow(
    call: Call,
    request: OperationRequest,
    options: CallOptions,
    { accept, attempt: only, lastEventId }: Sending = {},
  ): Promise<Accepted> {
    const { settings, quota } = this;
    const prepared = await this.#prepare(request, options, accept);
    const { body, tokens, repeatable } = prepared;
    const observers = this.observers(options);
    const maxAttempts = only ? 1 : (options.maxAttempts ?? settings.retry.maxAttempts);
    const policy = { ...settings.retry, maxAttempts };
    let spent = 0;
    for (let attempt = 1; ; attempt += 1) {
      const sent = await prepared.request(only ?? attempt);
      await tell(observers, "beforeRequest", sent);
      const outcome = await this.#attempt(call, sent, body, observers);
      const error = await this.refusal(outcome, request.pending, lastEventId);
      if (!error) {
        quota.refund(spent);
        return outcome as Accepted;
      }
      if (tokens?.renews(error)) continue;
      const { delay, cost, stop } = decideRetry({
        attempt,
        failure: failureOf(error),
        policy,
        repeatable,
        tokens: quota.tokens,
        remaining: call.remaining,
        random: Math.random(),
      });
      if (stop) {
        // Whoever counts the attempts himself also says when the last one has failed.
        if (!only) await tell(observers, "onError", error, sent);
        throw error;
      }
      await tell(observers, "onRetry", attempt, delay, error, sent);
      quota.tokens -= cost;
      spent += cost;
      await call.pause(delay);
    }
  }

  async #exchange<Data>(
    request: OperationRequest,
    read: Reader<Data>,
    options: CallOptions,
  ): Promise<Exchange<Data>> {
    const call = this.begin(options);
    try {
      const accepted = await this.send(call, request, options);
      const data = await read(accepted).catch(async (error: SdkError) => {
        await tell(this.observers(options), "onError", error, accepted.request);
        throw error;
      });
      return { data, response: accepted.response, requestId: accepted.requestId };
    } finally {
      call.end();
    }
  }

  async #prepare(
    request: OperationRequest,
    options: CallOptions,
    accept: string | undefined,
  ): Promise<Prepared> {
    const { settings } = this;
    const { product } = settings;
    const { verb, idempotency } = request;
    const { body, type } = await requestBody(request, options.extraBody);
    const headers = new Headers({ Accept: accept ?? request.accept ?? "application/json" });
    const query = { ...request.query, ...options.query };
    const add = (values: HeaderValues | undefined): void => addHeaders(headers, values);
    add({ ...platformHeaders(settings), ...settings.traceContext?.(), "Content-Type": type });
    const tokens = this.#authorize(request, headers, query);
    request.cookies?.(headers);
    const keyHeader = product.idempotencyHeader;
    const key = options.idempotencyKey ?? (idempotency === "key" ? crypto.randomUUID() : undefined);
    add({ [keyHeader]: key, ...settings.headers });
    add(request.headers as HeaderValues);
    add(mappedHeaders(product.headerMaps, options));
    add(options.headers);
    const ownUrl = settings.baseUrl === product.baseUrl && request.baseUrl;
    const url = requestUrl(ownUrl || this.baseUrl, request, query);
    return {
      body: body ?? null,
      tokens,
      repeatable:
        SAFE_TO_REPEAT.test(verb) ||
        idempotency === "natural" ||
        (idempotency === "key" && headers.has(keyHeader)),
      async request(attempt) {
        const own = new Headers(headers);
        if (product.attemptHeader) own.set(product.attemptHeader, `${attempt}`);
        await tokens?.add(own);
        return { method: verb, url, headers: own, attempt };
      },
    };
  }

  /** Adds the first set of credentials that there is; a token is added to each attempt. */
  #authorize(
    { security = this.settings.product.security ?? [] }: OperationRequest,
    headers: Headers,
    query: Record<string, unknown>,
  ): CallTokens | undefined {
    const { credentials, send } = this.settings;
    let found: CallTokens | undefined;
    for (const scheme of security.find((names) => names.every((name) => credentials[name])) ?? []) {
      const tokens = credentials[scheme]?.add(headers, query, send, this.baseUrl);
      found ??= tokens as CallTokens | undefined;
    }
    return found;
  }

  /** Gives the answer, or the error that stands for none. */
  async #attempt(
    call: Call,
    request: AttemptRequest,
    body: RequestInit["body"],
    observers: readonly Observer[],
  ): Promise<Accepted | SdkError> {
    const { settings } = this;
    const { requestIdHeader } = settings.product;
    const around = { call, request, show: (text: string) => settings.show(text, request) };
    const started = performance.now();
    let response: Response;
    try {
      const signal = call.beginAttempt();
      // A redirect could carry the credentials to another host.
      const init = { ...request, body, redirect: "manual", signal } as const;
      response = await settings.send(request.url, init as RequestInit, call);
    } catch (cause) {
      return connectionError(cause, around);
    }
    const duration = performance.now() - started;
    const { status, headers } = response;
    const requestId = (requestIdHeader && headers.get(requestIdHeader)) || undefined;
    try {
      await tell(observers, "afterResponse", { request, status, headers, requestId, duration });
    } catch (error) {
      void response.body?.cancel().catch(() => undefined);
      throw error;
    }
    return { ...around, response, requestId };
  }

  /** Gives the error that an answer states, if it says no success or comes later. */
  async refusal(
    outcome: Accepted | SdkError,
    pending: OperationRequest["pending"] = [],
    lastEventId?: string,
  ): Promise<SdkError | undefined> {
    if (outcome instanceof SdkError) return outcome;
    const { status, headers, ok } = outcome.response;
    const isPending = typeof pending === "string" ? headers.has(pending) : pending.includes(status);
    if (ok && !isPending) return undefined;
    // A body that breaks off takes nothing from what the status says, unless it was to be an answer.
    let content: Uint8Array | undefined;
    try {
      content = await readBytes(outcome);
    } catch (error) {
      if (ok || !(error instanceof APIConnectionError)) return error as SdkError;
    }
    const text = new TextDecoder().decode(content);
    const wait = retryAfter(headers, Date.now());
    const around = { content, lastEventId, retryAfter: wait && wait / 1_000 };
    return this.apiError(jsonOr(text, text), outcome, around, undefined, ok);
  }

  /**
   * Makes the error that a body, or an event of a stream, states. The details of one that says that
   * the answer is not there yet are the body itself.
   */
  apiError(
    body: JsonValue | undefined,
    { response, requestId, show }: Accepted,
    around: Pick<APIErrorFacts, "content" | "lastEventId" | "retryAfter">,
    fallback = `the server answered with status ${response.status}`,
    isPending = false,
  ): APIError {
    const { product, makeError } = this.settings;
    const { status, headers } = response;
    const known = { ...around, status, requestId, headers };
    const { message = fallback, ...stated } = errorInBody(product.errors, body, known);
    const facts = isPending && isObject(body) ? { ...stated, details: body } : stated;
    const shown = show(message);
    return makeError?.(shown, facts, isPending) ?? new APIError(shown, facts);
  }
}

/** Says what an error means for the question whether to try again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof APIError) {
    const { status, code, retryAfter } = error;
    return { kind: "status", status, code, retryAfter: retryAfter && retryAfter * 1_000 };
  }
  if (!(error instanceof APIConnectionError)) return { kind: "final" };
  return { kind: !error.sent ? "connect" : error instanceof APITimeoutError ? "final" : "reset" };
}
