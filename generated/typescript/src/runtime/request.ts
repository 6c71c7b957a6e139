// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import { isObject } from "./json.js";

/** Header values by name; null takes a header of a wider scope away. */
export type HeaderValues = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** How lists and objects are written in a query; absent: each item by itself. */
export type QueryStyle = "comma" | "space" | "pipe" | "deep" | "json";

export type BodyKind = "json" | "form" | "multipart" | "text" | "binary";

/** What a binary body or field may be. */
export type BinaryInput = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** A call of the API, before the client's own settings are added. */
export interface OperationRequest {
  readonly verb: string;
  /** The path, with `{name}` where a path parameter stands. */
  readonly path: string;
  readonly pathParams?: Readonly<Record<string, unknown>>;
  readonly query?: object;
  readonly queryStyles?: Readonly<Record<string, QueryStyle>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: object;
  readonly body?: unknown;
  /** How the body is written; absent: as JSON. */
  readonly bodyKind?: BodyKind;
  /** The body's media type where `bodyKind` does not settle it. */
  readonly contentType?: string;
  /** Sets of credentials, any one of which is enough. */
  readonly security?: readonly (readonly string[])[];
  /** `key`: repeatable with an idempotency key; `natural`: repeatable as it is. */
  readonly idempotency?: "key" | "natural";
  /** The stream asked for gives what there is, and may close before its terminal event. */
  readonly unfinished?: boolean;
  /** The media type asked for; absent: JSON. */
  readonly accept?: string;
}

/** Puts the parameters into the path and the query behind it. */
export function requestUrl(baseUrl: string, request: OperationRequest, query: object): string {
  const path = request.path.replace(/\{([^{}]+)\}/g, (_, name: string) =>
    pathSegment(name, request.pathParams?.[name]),
  );
  const text = queryText(query, request.queryStyles);
  return baseUrl + path + (text && `?${text}`);
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
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigurationError("the base URL is not a URL");
  }
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new ConfigurationError(
      "the base URL must be http or https, without credentials, query and fragment",
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Makes the body and its media type. `extra` adds fields to a JSON object. */
export function requestBody(
  request: OperationRequest,
  extra: object | undefined,
): { body?: RequestInit["body"]; type?: string } {
  const { body, contentType } = request;
  if (body === undefined && extra === undefined) return {};
  switch (request.bodyKind) {
    case "form":
      return {
        body: queryText({ ...(body as object), ...extra }),
        type: "application/x-www-form-urlencoded",
      };
    case "multipart":
      return { body: formData({ ...(body as object), ...extra }) };
    case "text":
    case "binary":
      return {
        body: body as Exclude<RequestInit["body"], undefined>,
        type: contentType ?? "application/octet-stream",
      };
    default:
      return {
        body: jsonText(extra === undefined ? body : { ...(body as object), ...extra }),
        type: contentType ?? "application/json",
      };
  }
}

function jsonText(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new ConfigurationError("the body cannot be written as JSON", { cause });
  }
}

/** A dot segment would be resolved away, and an empty one would name another resource. */
function pathSegment(name: string, value: unknown): string {
  const text = Array.isArray(value) ? value.map(plain).join(",") : plain(value);
  if (text === "" || text === "." || text === "..") {
    throw new ConfigurationError(`the path parameter ${name} must not be ${JSON.stringify(text)}`);
  }
  return percentEncoded(text);
}

/** Writes the parameters of a query in their order; what is null or undefined is left out. */
function queryText(
  query: object,
  styles: Readonly<Record<string, QueryStyle>> | undefined = {},
): string {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null)
    .flatMap(([name, value]) => parameterTexts(name, value, styles[name]))
    .join("&");
}

function parameterTexts(name: string, value: unknown, style: QueryStyle | undefined): string[] {
  if (style === "json") return [pair(name, JSON.stringify(value))];
  if (Array.isArray(value)) {
    const separator = style === undefined || style === "deep" ? undefined : SEPARATORS[style];
    if (separator === undefined) return value.map((item) => pair(name, plain(item)));
    const items = value.map((item) => percentEncoded(plain(item)));
    return [`${percentEncoded(name)}=${items.join(separator)}`];
  }
  if (!isObject(value)) return [pair(name, plain(value))];
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => pair(style === "deep" ? `${name}[${key}]` : key, plain(item)));
}

function pair(name: string, value: string): string {
  return `${percentEncoded(name)}=${percentEncoded(value)}`;
}

const SEPARATORS = { comma: ",", space: "%20", pipe: "%7C" };

function plain(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function formData(fields: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value as unknown]) {
      if (item instanceof Blob) form.append(name, item);
      else if (item !== undefined) form.append(name, plain(item));
    }
  }
  return form;
}
