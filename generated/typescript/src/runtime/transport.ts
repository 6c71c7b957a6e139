// Part of the SDK's fixed runtime: it is the same for every specification.

import { inBrowser } from "./environment.js";
import {
  APIConnectionError,
  APIError,
  APITimeoutError,
  ConfigurationError,
  errorFromBody,
  type ErrorTable,
  type SdkError,
} from "./errors.js";
import { tell, type AttemptRequest, type Interceptor, type Observer } from "./interceptors.js";
import type { JsonValue } from "./json.js";
import { redactedText, secretsOf } from "./redaction.js";
import {
  base64,
  checkedBaseUrl,
  percentEncoded,
  requestBody,
  requestUrl,
  type HeaderValues,
  type OperationRequest,
} from "./request.js";
import {
  connectionError,
  readText,
  ResponsePromise,
  type Accepted,
  type Exchange,
  type Reader,
} from "./responses.js";
import { decideRetry, retryAfter, RetryQuota, type Failure, type RetryPolicy } from "./retry.js";
import { defaultFrameLimits, type FrameLimits } from "./sse.js";
import { Call, type Timeouts } from "./timeouts.js";

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
}

/** A credential and the place it goes to. */
export interface Credential {
  readonly kind: "bearer" | "basic" | "header" | "query" | "cookie";
  /** The name of the header, query parameter or cookie. */
  readonly name?: string;
  readonly value: string | undefined;
  /** Gives the value where it has to be asked for. */
  readonly tokens?: TokenSource;
}

/** Where the tokens of a bearer credential come from. */
export interface TokenSource {
  /** What tokens are asked for with: it must not be shown. */
  readonly secret: string;
  /** Gives a token that is valid as far as is known. */
  token(send: Fetch, baseUrl: string): Promise<string>;
  /** Makes the next token a new one: the last was refused. */
  forget(): void;
}

/** A call option that maps names to header values. */
export interface HeaderMap {
  readonly prefix: string;
  /** What the environment variable of a name begins with. */
  readonly environment: string;
  /** What follows the prefix for each known name, or `name=header`; other names follow as they are. */
  readonly members: readonly string[];
}

/** What a specification settles for every call. */
export interface Product {
  readonly baseUrl?: string;
  /** What the names of environment variables begin with. */
  readonly environment: string;
  readonly userAgent: string;
  readonly headers: HeaderValues;
  readonly requestIdHeader?: string;
  readonly idempotencyHeader?: string;
  /** The header that carries the number of an attempt, from 1. */
  readonly attemptHeader?: string;
  readonly headerMaps: Readonly<Record<string, HeaderMap>>;
  readonly errors: ErrorTable;
}

/** What a transport is made from. */
export interface TransportSettings {
  readonly product: Product;
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<string, Credential>>;
  readonly headers: HeaderValues;
  /** Whether requests say what made them: the user agent and the SDK's own header. */
  readonly platformHeaders?: boolean | undefined;
  readonly timeouts: Timeouts;
  readonly retry: RetryPolicy;
  readonly frameLimits?: FrameLimits | undefined;
  readonly observers?: readonly Observer[] | undefined;
  readonly traceContext?: (() => HeaderValues) | undefined;
  readonly fetch?: Fetch | undefined;
}

/** How one sending differs from what its request and its options say. */
export interface Sending {
  readonly accept?: string;
  readonly maxAttempts?: number;
  /** The number of this attempt, where another rule than that of calls counts them. */
  readonly attempt?: number;
  /** Named in the error when a stream could not be taken up again. */
  readonly lastEventId?: string | undefined;
}

interface Prepared {
  readonly url: string;
  readonly init: RequestInit & { readonly method: string };
  readonly headers: Headers;
  readonly tokens: TokenSource | undefined;
  readonly repeatable: boolean;
}

type Outcome = Accepted | { readonly error: SdkError };

const SAFE_TO_REPEAT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"]);

/** Sends requests: credentials, timeouts, retries and errors are settled here for all of them. */
export class Transport {
  readonly settings: TransportSettings;
  readonly frameLimits: FrameLimits;
  readonly #baseUrl: string;
  readonly #fetch: Fetch;
  readonly #quota: RetryQuota;

  constructor(settings: TransportSettings) {
    this.settings = settings;
    this.frameLimits = settings.frameLimits ?? defaultFrameLimits;
    this.#baseUrl = checkedBaseUrl(settings.baseUrl);
    this.#quota = new RetryQuota(settings.retry.quota);
    this.#fetch = settings.fetch ?? ((url, init) => fetch(url, init));
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
  observers(options: CallOptions): readonly Observer[] {
    return [...(this.settings.observers ?? []), ...(options.interceptors ?? [])];
  }

  /** Starts the clock of a call. */
  begin(options: CallOptions): Call {
    const { settings } = this;
    return new Call({ ...settings.timeouts, ...options.timeouts }, options.signal);
  }

  /** Sends a request until it is accepted, or raises the error of its last attempt. */
  async send(
    call: Call,
    request: OperationRequest,
    options: CallOptions,
    sending: Sending,
  ): Promise<Accepted> {
    const { retry } = this.settings;
    const maxAttempts = sending.maxAttempts ?? options.maxAttempts ?? retry.maxAttempts;
    const prepared = await this.#prepare(request, options, sending);
    const observers = this.observers(options);
    let spent = 0;
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const sent = await this.#attemptRequest(prepared, sending.attempt ?? attempt);
      await tell(observers, "beforeRequest", sent);
      const outcome = await this.#attempt(call, prepared, sent, observers, sending);
      if ("response" in outcome) {
        this.#quota.refund(spent);
        return outcome;
      }
      const { error } = outcome;
      if (prepared.tokens && !isRenewed && error instanceof APIError && error.status === 401) {
        isRenewed = true;
        prepared.tokens.forget();
        continue;
      }
      const decision = decideRetry({
        attempt,
        failure: failureOf(error),
        policy: { ...retry, maxAttempts },
        repeatable: prepared.repeatable,
        tokens: this.#quota.tokens,
        remaining: call.remaining,
        random: Math.random(),
      });
      if (!decision.retry) {
        // Whoever counts the attempts himself also says when the last one has failed.
        if (sending.attempt === undefined) await tell(observers, "onError", error, sent);
        throw error;
      }
      await tell(observers, "onRetry", attempt, decision.delay, error, sent);
      this.#quota.spend(decision.cost);
      spent += decision.cost;
      await call.pause(decision.delay);
    }
  }

  async #exchange<Data>(
    request: OperationRequest,
    read: Reader<Data>,
    options: CallOptions,
  ): Promise<Exchange<Data>> {
    const call = this.begin(options);
    try {
      const accepted = await this.send(call, request, options, {});
      const data = await this.#read(accepted, read, options);
      return { data, response: accepted.response, requestId: accepted.requestId };
    } finally {
      call.end();
    }
  }

  async #read<Data>(accepted: Accepted, read: Reader<Data>, options: CallOptions): Promise<Data> {
    try {
      return await read(accepted);
    } catch (error) {
      await tell(this.observers(options), "onError", error as SdkError, accepted.request);
      throw error;
    }
  }

  async #prepare(
    request: OperationRequest,
    options: CallOptions,
    sending: Sending,
  ): Promise<Prepared> {
    const { product } = this.settings;
    const { body, type } = await requestBody(request, options.extraBody);
    const headers = new Headers({ Accept: sending.accept ?? request.accept ?? "application/json" });
    const query: Record<string, unknown> = { ...request.query, ...options.query };
    if (this.settings.platformHeaders !== false) {
      if (!inBrowser()) headers.set("User-Agent", product.userAgent);
      addHeaders(headers, product.headers);
    }
    addHeaders(headers, this.settings.traceContext?.());
    if (type !== undefined) headers.set("Content-Type", type);
    const tokens = this.#authorize(request, headers, query);
    addCookies(headers, request.cookies);
    const keyHeader = product.idempotencyHeader ?? "Idempotency-Key";
    const key =
      options.idempotencyKey ?? (request.idempotency === "key" ? crypto.randomUUID() : undefined);
    addHeaders(headers, { [keyHeader]: key });
    addHeaders(headers, this.settings.headers);
    addHeaders(headers, request.headers);
    addHeaders(headers, mappedHeaders(product.headerMaps, options));
    addHeaders(headers, options.headers);
    const baseUrl = this.settings.baseUrl === product.baseUrl ? request.baseUrl : undefined;
    // A redirect could carry the credentials to another host.
    const init: Prepared["init"] = { method: request.verb, redirect: "manual" };
    return {
      url: requestUrl(baseUrl ?? this.#baseUrl, request, query),
      headers,
      tokens,
      init: body === undefined ? init : { ...init, body },
      repeatable:
        SAFE_TO_REPEAT.has(request.verb) ||
        request.idempotency === "natural" ||
        (request.idempotency === "key" && headers.has(keyHeader)),
    };
  }

  /** Adds the first set of credentials that there is; a token is added to each attempt. */
  #authorize(
    request: OperationRequest,
    headers: Headers,
    query: Record<string, unknown>,
  ): TokenSource | undefined {
    const { credentials } = this.settings;
    const known = (scheme: string): boolean =>
      Boolean(credentials[scheme]?.value ?? credentials[scheme]?.tokens);
    let tokens: TokenSource | undefined;
    for (const scheme of request.security?.find((schemes) => schemes.every(known)) ?? []) {
      const credential = credentials[scheme];
      tokens ??= credential?.tokens;
      if (credential?.value) applyCredential(credential, headers, query);
    }
    return tokens;
  }

  /** Each attempt has headers of its own, so that what is changed is changed once. */
  async #attemptRequest(
    { url, init, headers, tokens }: Prepared,
    attempt: number,
  ): Promise<AttemptRequest> {
    const { attemptHeader } = this.settings.product;
    const own = new Headers(headers);
    if (attemptHeader !== undefined) own.set(attemptHeader, String(attempt));
    if (tokens !== undefined && !own.has("Authorization")) {
      const token = await tokens.token(this.#fetch, this.#baseUrl);
      setHeader(own, "Authorization", `Bearer ${token}`);
    }
    return { method: init.method, url, headers: own, attempt };
  }

  async #attempt(
    call: Call,
    { init }: Prepared,
    request: AttemptRequest,
    observers: readonly Observer[],
    sending: Sending,
  ): Promise<Outcome> {
    const { url, headers } = request;
    const show = (text: string): string => redactedText(text, secretsOf(this.settings, request));
    const started = performance.now();
    let response: Response;
    try {
      response = await this.#fetch(url, { ...init, headers, signal: call.beginAttempt() });
    } catch (cause) {
      return { error: connectionError(cause, call, show) };
    }
    const duration = performance.now() - started;
    const { requestIdHeader } = this.settings.product;
    const requestId = (requestIdHeader && response.headers.get(requestIdHeader)) ?? undefined;
    const accepted: Accepted = { response, requestId, call, request, show };
    await this.#tellOfResponse(accepted, observers, duration);
    return response.ok ? accepted : this.#refusal(accepted, sending);
  }

  async #tellOfResponse(
    { response, requestId, request }: Accepted,
    observers: readonly Observer[],
    duration: number,
  ): Promise<void> {
    const { status, headers } = response;
    try {
      await tell(observers, "afterResponse", { request, status, headers, requestId, duration });
    } catch (error) {
      void response.body?.cancel().catch(() => undefined);
      throw error;
    }
  }

  async #refusal(accepted: Accepted, sending: Sending): Promise<Outcome> {
    try {
      const text = await readText(accepted);
      const wait = retryAfter(accepted.response.headers, Date.now());
      const error = this.apiError(jsonOrText(text), accepted, {
        lastEventId: sending.lastEventId,
        retryAfter: wait === undefined ? undefined : wait / 1_000,
      });
      return { error };
    } catch (cause) {
      return { error: connectionError(cause, accepted.call, accepted.show) };
    }
  }

  /** Makes the error that a body, or an event of a stream, states. */
  apiError(
    body: JsonValue | undefined,
    { response, requestId, show }: Accepted,
    around: {
      readonly lastEventId: string | undefined;
      readonly retryAfter?: number | undefined;
      readonly fallback?: string;
    },
  ): APIError {
    const { status, headers } = response;
    return errorFromBody(this.settings.product.errors, body, {
      fallback: `the server answered with status ${status}`,
      ...around,
      status,
      requestId,
      headers,
      show,
    });
  }
}

/** Gives the headers that the mapping options of a client or a call stand for. */
export function mappedHeaders(
  maps: Readonly<Record<string, HeaderMap>>,
  options: object,
): HeaderValues {
  const found: Record<string, string | null> = {};
  for (const [option, map] of Object.entries(maps)) {
    const values = (options as Readonly<Record<string, unknown>>)[option];
    for (const [name, value] of Object.entries(values ?? {})) {
      if (value !== undefined) found[headerName(map, name)] = value as string | null;
    }
  }
  return found;
}

/** Names are compared as letters and digits, so that every spelling of an option works. */
function headerName(map: HeaderMap, name: string): string {
  const known = knownHeaders(map).find(([each]) => each === letters(name));
  return known?.[1] ?? map.prefix + name.replace(/_/g, "-");
}

/** Gives the known names of a map, in letters and digits, and their headers. */
export function knownHeaders({ members, prefix }: HeaderMap): [name: string, header: string][] {
  return members.map((member) => {
    const [name = "", header = prefix + member] = member.split("=");
    return [letters(name), header];
  });
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

function addHeaders(headers: Headers, values: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    setHeader(headers, name, String(value ?? ""));
    if (value === null) headers.delete(name);
  }
}

/** The platform's own error would show the value, which may be a secret. */
function setHeader(headers: Headers, name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    throw new ConfigurationError("the name of a header has a character that no name may have");
  }
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    throw new ConfigurationError(`the value of the header ${name} cannot be sent`);
  }
  headers.set(name, value);
}

function addCookies(headers: Headers, cookies: object = {}): void {
  for (const [name, value] of Object.entries(cookies)) {
    if (value === undefined) continue;
    const known = headers.get("Cookie");
    const cookie = `${percentEncoded(name)}=${percentEncoded(String(value))}`;
    headers.set("Cookie", known === null ? cookie : `${known}; ${cookie}`);
  }
}

function applyCredential(
  { kind, name = "", value = "" }: Credential,
  headers: Headers,
  query: Record<string, unknown>,
): void {
  switch (kind) {
    case "bearer":
      setHeader(headers, "Authorization", `Bearer ${value}`);
      break;
    case "basic":
      headers.set("Authorization", `Basic ${base64(value)}`);
      break;
    case "header":
      setHeader(headers, name, value);
      break;
    case "query":
      query[name] = value;
      break;
    case "cookie":
      addCookies(headers, { [name]: value });
  }
}

/** Says what an error means for the question whether to try again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof APIError) {
    const { status = 0, code, retryAfter } = error;
    const wait = retryAfter === undefined ? undefined : retryAfter * 1_000;
    return { kind: "status", status, code, retryAfter: wait };
  }
  if (!(error instanceof APIConnectionError)) return { kind: "final" };
  if (!error.sent) return { kind: "connect" };
  return { kind: error instanceof APITimeoutError ? "final" : "reset" };
}

function jsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
