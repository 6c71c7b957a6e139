// Part of the SDK's fixed runtime: it is the same for every specification.
//
// The ways in which OpenAPI writes lists and objects into addresses and headers, apart from the
// usual one: an item a parameter.

import { addCookies } from "./headers.js";
import { isObject } from "./json.js";
import { pair, percentEncoded, plain, type Encoded } from "./request.js";

type Given<Written> = Written | undefined;

function written(text: string): Encoded {
  return () => text;
}

/** Writes any value as JSON. */
export function asJson(value: unknown): Given<string> {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Writes a query parameter whose items are joined: `a=1,2`. An object becomes names and values. */
export function delimited(name: string, value: unknown, separator: string): Given<Encoded> {
  if (value === undefined || value === null) return undefined;
  const items = parts(value).map(percentEncoded).join(separator);
  return written(`${percentEncoded(name)}=${items}`);
}

/** Writes the fields of an object as `name[field]=value`, at any depth; items by their number. */
export function deepObject(name: string, value: unknown): Given<Encoded> {
  const pairs = deepPairs(name, value);
  return pairs.length === 0 ? undefined : written(pairs.join("&"));
}

function deepPairs(name: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) && !isObject(value)) return [pair(name, plain(value))];
  return Object.entries(value).flatMap(([key, item]) => deepPairs(`${name}[${key}]`, item));
}

/** Writes a query parameter and leaves the characters that RFC 3986 reserves as they are. */
export function reserved(name: string, value: unknown): Given<Encoded> {
  if (value === undefined || value === null) return undefined;
  const text = encodeURI(parts(value).join(",")).replace(/[#&+]/g, encodeURIComponent);
  return written(`${percentEncoded(name)}=${text}`);
}

/** Writes a path segment whose fields are `name=value`. */
export function simple(value: unknown): Encoded {
  return written(named(value).join(","));
}

/** Writes a path segment that begins with a dot. */
export function label(value: unknown, explode: boolean): Encoded {
  const items = explode ? named(value) : parts(value).map(percentEncoded);
  return written(`.${items.join(explode ? "." : ",")}`);
}

/** Writes a path segment of the form `;name=value`. */
export function matrix(name: string, value: unknown, explode: boolean): Encoded {
  const start = percentEncoded(name);
  if (!explode) return written(`;${start}=${parts(value).map(percentEncoded).join(",")}`);
  const items = isObject(value) ? named(value) : parts(value).map((item) => pair(name, item));
  return written(items.map((item) => `;${item}`).join(""));
}

/** Writes the list or object of a header or a cookie. */
export function listed(value: unknown, explode: boolean): Given<string> {
  if (value === undefined || value === null) return undefined;
  if (!explode || !isObject(value)) return parts(value).join(",");
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return fields.map(([key, item]) => `${key}=${plain(item)}`).join(",");
}

/** Writes parameters as cookies. */
export function asCookies(values: object): (headers: Headers) => void {
  return (headers) => addCookies(headers, values);
}

function named(value: unknown): string[] {
  if (!isObject(value)) return parts(value).map(percentEncoded);
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => pair(key, plain(item)));
}

function parts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return [plain(value)];
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .flatMap(([key, item]) => [key, plain(item)]);
}
