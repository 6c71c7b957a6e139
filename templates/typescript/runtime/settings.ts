// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import { mappedHeaders } from "./headers.js";
import type { AttemptRequest, Interceptor } from "./interceptors.js";
import { percentEncoded, type HeaderValues } from "./request.js";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.js";
import { defaultFrameLimits, type FrameLimits } from "./sse.js";
import { defaultTimeouts, withTimeouts, type Timeouts } from "./timeouts.js";
import type { Credentials, Fetch, Product, TransportSettings } from "./transport.js";

/** Adds to what a client is made of. */
export type Extension = (settings: TransportSettings) => TransportSettings;

/** What every connection may be made with, whatever its specification. */
export interface ConnectionOptions {
  /** Where the API is; a path in it stands before every path of the API. */
  readonly baseUrl?: string | undefined;
  /** In milliseconds. */
  readonly timeouts?: Partial<Timeouts>;
  readonly retry?: Partial<RetryPolicy>;
  /** The longest line and event that a stream may have, in bytes. */
  readonly frameLimits?: Partial<FrameLimits>;
  /** Headers of every request. */
  readonly headers?: HeaderValues;
  /** `false` keeps back the headers that say what made a request. */
  readonly platformHeaders?: boolean;
  /** Gives the headers of the present trace (W3C `traceparent` and `tracestate`). */
  readonly traceContext?: () => HeaderValues;
  /** Called in this order, for every attempt of every call. */
  readonly interceptors?: readonly Interceptor[];
  /** What requests are sent with; absent: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** What is added, in this order: the classes of errors, the log. */
  readonly extensions?: readonly Extension[];
}

/** Settles what a connection is made with: its options, then the defaults. */
export function transportSettings(
  product: Product,
  credentials: Credentials,
  options: ConnectionOptions,
): TransportSettings {
  const retry = { ...defaultRetryPolicy, ...options.retry };
  // The product is negative outside of 0 to 1, and NaN is no number at least 0.
  if (!(retry.jitter * (1 - retry.jitter) >= 0)) throw new ConfigurationError("jitter: 0 to 1");
  const settings: TransportSettings = {
    ...options,
    product,
    baseUrl: options.baseUrl ?? product.baseUrl ?? "",
    credentials,
    headers: { ...mappedHeaders(product.headerMaps, options), ...options.headers },
    timeouts: withTimeouts(defaultTimeouts, options.timeouts),
    retry,
    frameLimits: { ...defaultFrameLimits, ...options.frameLimits },
    observers: options.interceptors ?? [],
    send: (url, init) => (options.fetch ?? fetch)(url, init),
    show: (text, request) => withoutSecrets(text, credentials, request),
  };
  return (options.extensions ?? []).reduce((extended, extend) => extend(extended), settings);
}

const SECRET_NAME = /(?<!idempotency.)key|secret|token|auth|cookie|pass|credential/i;
/** A shorter secret would blot out words that only look like it. */
const SHORTEST = 4;

/** Takes what a client and a request hold of secrets out of a text, as it was given and sent. */
function withoutSecrets(
  text: string,
  credentials: Credentials,
  { url, headers }: AttemptRequest,
): string {
  const given = Object.values(credentials).flatMap((each) => each?.secrets ?? []);
  const sent = [...headers, ...new URL(url).searchParams].flatMap(([name, value]) =>
    SECRET_NAME.test(name) ? value.replace(/^\w+ /, "") : [],
  );
  return [...given, ...sent]
    .flatMap((secret) => (secret.length < SHORTEST ? [] : [secret, percentEncoded(secret)]))
    .reduce((shown, secret) => shown.replaceAll(secret, "[redacted]"), text);
}
