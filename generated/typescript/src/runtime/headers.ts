// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import { percentEncoded, present, type HeaderValues } from "./request.js";
import type { TransportSettings } from "./transport.js";

/** A call option that maps names to header values. */
export interface HeaderMap {
  readonly prefix: string;
  /** What follows the prefix for each known name, or `name=header`; other names follow as they are. */
  readonly members: readonly string[];
}

/** Gives the headers that the mapping options of a client or a call stand for. */
export function mappedHeaders(
  maps: Readonly<Record<string, HeaderMap>>,
  options: object,
): HeaderValues {
  const found: Record<string, string | null> = {};
  for (const [option, map] of Object.entries(maps)) {
    const values = (options as Readonly<Record<string, unknown>>)[option] ?? {};
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined) found[headerName(map, name)] = value as string | null;
    }
  }
  return found;
}

/** Names are compared as letters and digits, so that every spelling of an option works. */
function headerName({ members, prefix }: HeaderMap, name: string): string {
  for (const member of members) {
    const [known = "", header = prefix + member] = member.split("=");
    if (letters(known) === letters(name)) return header;
  }
  return prefix + name.replace(/_/g, "-");
}

/** Gives the letters and digits of a name, in lower case. */
function letters(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** Sets headers; null takes one away. */
export function addHeaders(headers: Headers, values: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    setHeader(headers, name, String(value ?? ""));
    if (value === null) headers.delete(name);
  }
}

/** The platform's own error would show the value, which may be a secret. */
export function setHeader(headers: Headers, name: string, value: string): void {
  try {
    if (/[^\t\x20-\x7e]/.test(value)) throw undefined;
    headers.set(name, value);
  } catch {
    throw new ConfigurationError(`the header ${name} cannot be sent`);
  }
}

/** Adds cookies to those that there are. */
export function addCookies(headers: Headers, cookies: object): void {
  for (const [name, value] of present(cookies)) {
    const known = headers.get("Cookie");
    const cookie = `${percentEncoded(name)}=${percentEncoded(String(value))}`;
    headers.set("Cookie", known === null ? cookie : `${known}; ${cookie}`);
  }
}

/** What made a request, where it is to be said. */
export function platformHeaders({ platformHeaders, product }: TransportSettings): HeaderValues {
  if (platformHeaders === false) return {};
  return { "User-Agent": inBrowser() ? undefined : product.userAgent, ...product.headers };
}

/** Whether this is a web page, where `User-Agent` is not ours to set. */
export function inBrowser(): boolean {
  return (globalThis as { readonly document?: unknown }).document !== undefined;
}
