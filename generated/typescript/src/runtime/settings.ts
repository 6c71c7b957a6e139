// Part of the SDK's fixed runtime: it is the same for every specification.

import { environmentNumber, environmentValue } from "./environment.js";
import { ConfigurationError } from "./errors.js";
import type { Interceptor } from "./interceptors.js";
import { CallLog, logLevel, type Logger, type LogLevel } from "./logging.js";
import type { HeaderValues } from "./request.js";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.js";
import { defaultFrameLimits, type FrameLimits } from "./sse.js";
import { defaultTimeouts, type Timeouts } from "./timeouts.js";
import {
  knownHeaders,
  mappedHeaders,
  type Credential,
  type Fetch,
  type Product,
  type TransportSettings,
} from "./transport.js";

/** What every client may be made with, whatever its specification. */
export interface ConnectionOptions {
  /** Where the API is; a path in it stands before every path of the API. */
  readonly baseUrl?: string;
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
  /** What takes the log; absent: the console. It is given nothing secret. */
  readonly logger?: Logger;
  /** The least that is logged; absent: the environment's, else `warn`. */
  readonly logLevel?: LogLevel;
  /** What requests are sent with; absent: the platform's `fetch`. */
  readonly fetch?: Fetch;
}

/** Settles what a client is made with: its options, then the environment, then the defaults. */
export function transportSettings(
  product: Product,
  credentials: Readonly<Record<string, Credential>>,
  options: ConnectionOptions,
): TransportSettings {
  const variable = (name: string): string => `${product.environment}_${name}`;
  const baseUrl = options.baseUrl ?? environmentValue(variable("BASE_URL")) ?? product.baseUrl;
  if (baseUrl === undefined) throw new ConfigurationError("the client needs a base URL");
  const settings: TransportSettings = {
    product,
    baseUrl,
    credentials,
    headers: {
      ...mapsFromEnvironment(product),
      ...mappedHeaders(product.headerMaps, options),
      ...options.headers,
    },
    timeouts: { ...defaultTimeouts, ...environmentTimeouts(variable), ...options.timeouts },
    retry: {
      ...defaultRetryPolicy,
      ...given({ maxAttempts: environmentNumber(variable("MAX_ATTEMPTS")) }),
      ...options.retry,
    },
    frameLimits: { ...defaultFrameLimits, ...options.frameLimits },
    platformHeaders: options.platformHeaders,
    traceContext: options.traceContext,
    fetch: options.fetch,
  };
  const level = options.logLevel ?? logLevel(environmentValue(variable("LOG"))) ?? "warn";
  const log = new CallLog(options.logger ?? console, level, settings);
  return { ...settings, observers: [log, ...(options.interceptors ?? [])] };
}

function environmentTimeouts(variable: (name: string) => string): Partial<Timeouts> {
  const limit = (name: string): number | undefined => milliseconds(variable(`TIMEOUT_${name}`));
  return given({
    connect: limit("CONNECT"),
    firstByte: limit("FIRST_BYTE"),
    idle: limit("IDLE"),
    total: limit("TOTAL"),
  });
}

/** The environment counts in seconds, as it does for every language. */
function milliseconds(name: string): number | undefined {
  const seconds = environmentNumber(name);
  return seconds === undefined ? undefined : seconds * 1_000;
}

function mapsFromEnvironment(product: Product): HeaderValues {
  const found: Record<string, string | undefined> = {};
  for (const map of Object.values(product.headerMaps)) {
    for (const [name, header] of knownHeaders(map)) {
      const variable = `${map.environment}_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
      found[header] = environmentValue(variable);
    }
  }
  return found;
}

/** Leaves out what is undefined, so that it does not hide a default. */
function given<Values extends object>(values: Values): { [Key in keyof Values]?: number } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Values]?: number };
}
