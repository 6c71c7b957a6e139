// Part of the SDK's fixed runtime: it is the same for every specification.
//
// The ways in which OpenAPI writes lists and objects into addresses and headers, apart from the
// usual one: an item a parameter.

import { addCookies } from "./headers.js";
import { isObject } from "./json.js";
import { pair, percentEncoded, plain, present, type Encoded } from "./request.js";

type Given<Written> = Written | undefined;

function written(text: string): Encoded {
  return () => text;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Writes any value as JSON. */
export function asJson(value: unknown): Given<string> {
  return isAbsent(value) ? undefined : JSON.stringify(value);
}

/** Writes a query parameter whose items are joined: `a=1,2`. An object becomes names and values. */
export function delimited(
  name: string,
  value: unknown,
  separator: string,
  encoded = percentEncoded,
): Given<Encoded> {
  if (isAbsent(value)) return undefined;
  return written(`${percentEncoded(name)}=${parts(value).map(encoded).join(separator)}`);
}

/** Writes the fields of an object as `name[field]=value`, at any depth; items by their number. */
export function deepObject(name: string, value: unknown, encoded = percentEncoded): Given<Encoded> {
  const pairs = deepLeaves(name, value).map(
    ([key, item]) => `${percentEncoded(key)}=${encoded(plain(item))}`,
  );
  return pairs.length === 0 ? undefined : written(pairs.join("&"));
}

function deepLeaves(name: string, value: unknown): [string, unknown][] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value) && !isObject(value)) return [[name, value]];
  return Object.entries(value).flatMap(([key, item]) => deepLeaves(`${name}[${key}]`, item));
}

/** Writes a query parameter whose values keep the characters that RFC 3986 reserves. */
export function reserved(name: string, value: unknown): Given<Encoded> {
  if (isAbsent(value) || (Array.isArray(value) && value.length === 0)) return undefined;
  const key = percentEncoded(name);
  const pairs = isObject(value)
    ? present(value).map(([field, item]) => `${percentEncoded(field)}=${lenient(plain(item))}`)
    : parts(value).map((item) => `${key}=${lenient(item)}`);
  return written(pairs.join("&"));
}

/** Percent-encodes what would end a value of the query or be read as another one. */
export function lenient(text: string): string {
  return percentEncoded(text).replace(/%(?:2[14789ACF]|3[ABDF]|40|5[BD])/g, decodeURIComponent);
}

/** Writes an object as a path segment: names and values, or pairs of them. */
export function simple(value: unknown, explode: boolean): Encoded {
  return written(segments(value, explode).join(","));
}

/** Writes a path segment that begins with a dot. */
export function label(value: unknown, explode: boolean): Encoded {
  return written(`.${segments(value, explode).join(explode ? "." : ",")}`);
}

/** Writes a path segment of the form `;name=value`. */
export function matrix(name: string, value: unknown, explode: boolean): Encoded {
  const items = segments(value, explode);
  const start = percentEncoded(name);
  if (!explode) return written(`;${start}=${items.join(",")}`);
  const all = isObject(value) ? items : items.map((item) => `${start}=${item}`);
  return written(all.map((item) => `;${item}`).join(""));
}

/** Writes the list or object of a header or a cookie. */
export function listed(value: unknown, explode: boolean): Given<string> {
  if (isAbsent(value)) return undefined;
  if (!explode || !isObject(value)) return parts(value).join(",");
  return present(value)
    .map(([key, item]) => `${key}=${plain(item)}`)
    .join(",");
}

/** Writes parameters as cookies. */
export function asCookies(values: object): (headers: Headers) => void {
  return (headers) => addCookies(headers, values);
}

function segments(value: unknown, explode: boolean): string[] {
  if (!explode || !isObject(value)) return parts(value).map(percentEncoded);
  return present(value).map(([key, item]) => pair(key, plain(item)));
}

function parts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return [plain(value)];
  return present(value).flatMap(([key, item]) => [key, plain(item)]);
}
