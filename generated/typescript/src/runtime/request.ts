// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import { isObject } from "./json.js";

/** Header values by name; null takes a header of a wider scope away. */
export type HeaderValues = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Gives a parameter that is written already. */
export type Encoded = () => string;

/** A body as it is sent; a form settles its media type itself. */
export interface EncodedBody {
  readonly body?: RequestInit["body"];
  readonly type?: string;
}

/** Turns what a caller gives into what is sent. */
export type BodyEncoder = (body: unknown) => EncodedBody | Promise<EncodedBody>;

/** What a binary body or field may be. */
export type BinaryInput = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** A call of the API, before the client's own settings are added. */
export interface OperationRequest {
  readonly verb: string;
  /** The path, with `{name}` where one of `pathParams` stands. */
  readonly path: string;
  /** Where this call goes, unless the client has an address of its own choice. */
  readonly baseUrl?: string;
  readonly pathParams?: Readonly<Record<string, unknown>>;
  readonly query?: object;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Adds cookies to those of the client. */
  readonly cookies?: (headers: Headers) => void;
  readonly body?: unknown;
  /** How the body is written; absent: as JSON. */
  readonly encode?: BodyEncoder;
  /** Sets of credentials, any one of which is enough; absent: those of the API. */
  readonly security?: readonly (readonly string[])[] | undefined;
  /** `key`: repeatable with an idempotency key; `natural`: repeatable as it is. */
  readonly idempotency?: "key" | "natural";
  /** The stream asked for gives what there is, and may close before its terminal event. */
  readonly unfinished?: boolean;
  /** The media type asked for; absent: JSON. */
  readonly accept?: string;
  /** The statuses of success, or the header of one, that say: the answer is not there yet. */
  readonly pending?: readonly number[] | string;
}

/** Puts the parameters into the path and the query behind it. */
export function requestUrl(baseUrl: string, request: OperationRequest, query: object): string {
  const path = request.path.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const written = segment(request.pathParams?.[name]);
    if (written !== NOT_A_SEGMENT) return written;
    throw new ConfigurationError("a path parameter is empty or dots");
  });
  const text = formPairs(query);
  return baseUrl + path + (text && (path.includes("?") ? "&" : "?") + text);
}

/** Keeps what RFC 3986, section 2.3, does not reserve; half a surrogate pair is replaced. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The characters of a basic credential are those of UTF-8 (RFC 7617, section 2.1). */
export function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Checks a base URL and takes the slash off its end. */
export function checkedBaseUrl(text: string): string {
  if (/^\s*https?:\/\/[^/?#@]+(\/[^?#]*)?$/i.test(text) && URL.canParse(text)) {
    return new URL(text).href.replace(/\/+$/, "");
  }
  throw new ConfigurationError("the base URL is not plain http(s)");
}

/** Makes the body and its media type. `extra` adds fields to a JSON object or a form. */
export function requestBody(
  { body, encode }: OperationRequest,
  extra: object | undefined,
): EncodedBody | Promise<EncodedBody> {
  const whole = extra ? { ...(body as object), ...extra } : body;
  if (whole === undefined) return {};
  return encode?.(whole) ?? { body: jsonText(whole), type: "application/json" };
}

function jsonText(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new ConfigurationError("the body is not JSON", { cause });
  }
}

const NOT_A_SEGMENT = "{}";

/**
 * Writes a path parameter.
 *
 * A dot segment would be resolved away, and an empty one would name another resource: in their
 * place stands what `requestUrl` refuses, so that the call fails and not the making of it.
 */
export function segment(value: unknown): string {
  if (typeof value === "function") return (value as Encoded)();
  const items = Array.isArray(value) ? value : [value];
  const text = items.map((item) => percentEncoded(plain(item))).join(",");
  return /^\.{0,2}$/.test(text) ? NOT_A_SEGMENT : text;
}

/** Writes fields in their order, a list's items and an object's fields each by itself. */
export function formPairs(fields: object): string {
  return present(fields)
    .flatMap(([name, value]) => {
      if (typeof value === "function") return (value as Encoded)();
      if (Array.isArray(value)) return value.map((item) => pair(name, plain(item)));
      if (!isObject(value)) return pair(name, plain(value));
      return present(value).map(([key, item]) => pair(key, plain(item)));
    })
    .join("&");
}

/** Gives the fields that are there: null is nothing. */
export function present(fields: object): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
}

/** Writes a name and its value. */
export function pair(name: string, value: string): string {
  return `${percentEncoded(name)}=${percentEncoded(value)}`;
}

/** Writes a value as text: what has parts as JSON, nothing as nothing. */
export function plain(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
