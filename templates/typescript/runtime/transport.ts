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
import { addHeaders, inBrowser, mappedHeaders, type HeaderMap } from "./headers.js";
import { tell, type AttemptRequest, type Interceptor, type Observer } from "./interceptors.js";
import type { JsonValue } from "./json.js";
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

/** Puts a credential where it belongs. */
export type Placing = (
  value: string,
  name: string,
  headers: Headers,
  query: Record<string, unknown>,
) => void;

/** A credential and the place it goes to. */
export interface Credential {
  readonly place: Placing;
  /** The name of the header, query parameter or cookie. */
  readonly name?: string;
  readonly value: string | undefined;
  /** Gives the value where it has to be asked for. */
  readonly tokens?: TokenSource;
}

/** Where the tokens of a credential come from. */
export interface TokenSource {
  /** What tokens are asked for with: it must not be shown. */
  readonly secret: string;
  /** Gives the tokens of one call. */
  forCall(send: Fetch, baseUrl: string): CallTokens;
}

/** The tokens of one call. */
export interface CallTokens {
  /** Adds a token that is valid as far as is known. */
  add(headers: Headers): Promise<void>;
  /** Whether an error says that the token was refused, for the first time: there is a new one. */
  isRenewed(error: SdkError): boolean;
}

/** What a specification settles for every call. */
export interface Product {
  readonly baseUrl?: string;
  readonly userAgent: string;
  readonly headers: HeaderValues;
  readonly requestIdHeader?: string;
  readonly idempotencyHeader?: string;
  /** The header that carries the number of an attempt, from 1. */
  readonly attemptHeader?: string;
  readonly headerMaps: Readonly<Record<string, HeaderMap>>;
  /** Headers that hold a secret, whatever their names sound like. */
  readonly secretHeaders?: readonly string[];
  readonly errors: ErrorForm;
}

/** What a transport is made from. */
export interface TransportSettings {
  readonly product: Product;
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<string, Credential>>;
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
  readonly fetch?: Fetch | undefined;
  /** Makes an error of its class; absent: an `APIError`. */
  readonly makeError?: (message: string, facts: APIErrorFacts) => APIError;
  /** Takes the secrets of the client and of a request out of a text. */
  readonly show: (text: string, request: AttemptRequest) => string;
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
  readonly tokens: CallTokens | undefined;
  readonly repeatable: boolean;
}

const SAFE_TO_REPEAT = /^(GET|HEAD|PUT|DELETE|OPTIONS|TRACE|QUERY)$/;

/** Sends requests: credentials, timeouts, retries and errors are settled here for all of them. */
export class Transport {
  readonly settings: TransportSettings;
  /** What the retries of all calls cost; scopes share it. */
  readonly quota: RetryQuota;
  readonly #baseUrl: string;
  readonly #fetch: Fetch;

  constructor(settings: TransportSettings, quota = new RetryQuota(settings.retry.quota)) {
    this.settings = settings;
    this.#baseUrl = checkedBaseUrl(settings.baseUrl);
    this.quota = quota;
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
    return [...this.settings.observers, ...(options.interceptors ?? [])];
  }

  /** Starts the clock of a call. */
  begin(options: CallOptions): Call {
    return new Call({ ...this.settings.timeouts, ...options.timeouts }, options.signal);
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
    const { tokens, repeatable } = prepared;
    const observers = this.observers(options);
    let spent = 0;
    for (let attempt = 1; ; attempt += 1) {
      const sent = await this.#attemptRequest(prepared, sending.attempt ?? attempt);
      await tell(observers, "beforeRequest", sent);
      const outcome = await this.#attempt(call, prepared, sent, observers);
      const error = outcome instanceof SdkError ? outcome : await this.#refusal(outcome, sending);
      if (error === undefined) {
        this.quota.refund(spent);
        return outcome as Accepted;
      }
      if (tokens?.isRenewed(error) === true) continue;
      const decision = decideRetry({
        attempt,
        failure: failureOf(error),
        policy: { ...retry, maxAttempts },
        repeatable,
        tokens: this.quota.tokens,
        remaining: call.remaining,
        random: Math.random(),
      });
      if (!decision.retry) {
        // Whoever counts the attempts himself also says when the last one has failed.
        if (sending.attempt === undefined) await tell(observers, "onError", error, sent);
        throw error;
      }
      const { delay, cost } = decision;
      await tell(observers, "onRetry", attempt, delay, error, sent);
      this.quota.spend(cost);
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
      const accepted = await this.send(call, request, options, {});
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
    sending: Sending,
  ): Promise<Prepared> {
    const { settings } = this;
    const { product } = settings;
    const { verb, idempotency } = request;
    const { body, type } = await requestBody(request, options.extraBody);
    const headers = new Headers({ Accept: sending.accept ?? request.accept ?? "application/json" });
    const query: Record<string, unknown> = { ...request.query, ...options.query };
    const add = (values: HeaderValues | undefined): void => addHeaders(headers, values);
    if (settings.platformHeaders !== false) {
      if (!inBrowser()) add({ "User-Agent": product.userAgent });
      add(product.headers);
    }
    add(settings.traceContext?.());
    add({ "Content-Type": type });
    const tokens = this.#authorize(request, headers, query);
    request.cookies?.(headers);
    const keyHeader = product.idempotencyHeader ?? "Idempotency-Key";
    const key = options.idempotencyKey ?? (idempotency === "key" ? crypto.randomUUID() : undefined);
    add({ [keyHeader]: key });
    add(settings.headers);
    add(request.headers as HeaderValues);
    add(mappedHeaders(product.headerMaps, options));
    add(options.headers);
    const ownUrl = settings.baseUrl === product.baseUrl ? request.baseUrl : undefined;
    return {
      url: requestUrl(ownUrl ?? this.#baseUrl, request, query),
      headers,
      tokens,
      // A redirect could carry the credentials to another host.
      init: { method: verb, redirect: "manual", body: body ?? null },
      repeatable:
        SAFE_TO_REPEAT.test(verb) ||
        idempotency === "natural" ||
        (idempotency === "key" && headers.has(keyHeader)),
    };
  }

  /** Adds the first set of credentials that there is; a token is added to each attempt. */
  #authorize(
    request: OperationRequest,
    headers: Headers,
    query: Record<string, unknown>,
  ): CallTokens | undefined {
    const { credentials } = this.settings;
    let found: CallTokens | undefined;
    const isKnown = (scheme: string): unknown =>
      credentials[scheme]?.value || credentials[scheme]?.tokens;
    for (const scheme of request.security?.find((schemes) => schemes.every(isKnown)) ?? []) {
      const { value, tokens, name = "", place } = credentials[scheme] as Credential;
      found ??= tokens?.forCall(this.#fetch, this.#baseUrl);
      if (value) place(value, name, headers, query);
    }
    return found;
  }

  /** Each attempt has headers of its own, so that what is changed is changed once. */
  async #attemptRequest(
    { url, init, headers, tokens }: Prepared,
    attempt: number,
  ): Promise<AttemptRequest> {
    const { attemptHeader } = this.settings.product;
    const own = new Headers(headers);
    if (attemptHeader !== undefined) own.set(attemptHeader, String(attempt));
    await tokens?.add(own);
    return { method: init.method, url, headers: own, attempt };
  }

  /** Gives the answer, or the error that stands for none. */
  async #attempt(
    call: Call,
    { init }: Prepared,
    request: AttemptRequest,
    observers: readonly Observer[],
  ): Promise<Accepted | SdkError> {
    const { settings } = this;
    const { url, headers } = request;
    const { requestIdHeader } = settings.product;
    const show = (text: string): string => settings.show(text, request);
    const started = performance.now();
    let response: Response;
    try {
      response = await this.#fetch(url, { ...init, headers, signal: call.beginAttempt() });
    } catch (cause) {
      return connectionError(cause, call, show);
    }
    const duration = performance.now() - started;
    const requestId = (requestIdHeader && response.headers.get(requestIdHeader)) ?? undefined;
    try {
      const { status, headers } = response;
      await tell(observers, "afterResponse", { request, status, headers, requestId, duration });
    } catch (error) {
      void response.body?.cancel().catch(() => undefined);
      throw error;
    }
    return { response, requestId, call, request, show };
  }

  /** Gives the error that an answer states, if it does not say success. */
  async #refusal(accepted: Accepted, { lastEventId }: Sending): Promise<SdkError | undefined> {
    const { response, call, show } = accepted;
    if (response.ok) return undefined;
    try {
      const content = await readBytes(accepted);
      const body = jsonOrText(new TextDecoder().decode(content));
      const wait = retryAfter(response.headers, Date.now());
      return this.apiError(body, accepted, {
        content,
        lastEventId,
        retryAfter: wait === undefined ? undefined : wait / 1_000,
      });
    } catch (cause) {
      return connectionError(cause, call, show);
    }
  }

  /** Makes the error that a body, or an event of a stream, states. */
  apiError(
    body: JsonValue | undefined,
    { response, requestId, show }: Accepted,
    around: Pick<APIErrorFacts, "content" | "lastEventId" | "retryAfter">,
    fallback?: string,
  ): APIError {
    const { product, makeError } = this.settings;
    const { status, headers } = response;
    const { message, facts } = errorInBody(product.errors, body, {
      ...around,
      status,
      requestId,
      headers,
    });
    const shown = show(message ?? fallback ?? `the server answered with status ${status}`);
    return makeError?.(shown, facts) ?? new APIError(shown, facts);
  }
}

/** Says what an error means for the question whether to try again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof APIError) {
    const { status, code, retryAfter } = error;
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
