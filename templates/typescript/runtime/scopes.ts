// Part of the SDK's fixed runtime: it is the same for every specification.

import { Transport } from "./transport.js";

/** The headers that a scope makes of its arguments. */
export interface ScopeShape {
  /** What a header is put together from: texts and, in turn, names of arguments. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Arguments that are made where none is given. */
  readonly generated?: readonly string[];
  /** Arguments that nobody is shown. */
  readonly secret?: readonly string[];
}

/** Gives the arguments of the scopes that a client is in, but for secrets. */
export function scopeOf({
  transport,
}: {
  readonly transport: Transport;
}): Readonly<Record<string, string>> {
  return transport.settings.scope ?? {};
}

/** Gives a transport whose calls carry a scope's headers; the one given stays as it is. */
export function scoped(
  transport: Transport,
  { headers, generated = [], secret = [] }: ScopeShape,
  given: object,
): Transport {
  const { settings, quota } = transport;
  const { scope = {} } = settings;
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(given) as [string, string | undefined][]) {
    if (value !== undefined) values[name] = value;
  }
  for (const name of generated) {
    if (scope[name] === undefined) values[name] ??= crypto.randomUUID();
  }
  const known = { ...scope, ...values };
  const added: Record<string, string> = {};
  for (const [header, pieces] of Object.entries(headers)) {
    const texts = pieces.map((piece, at) => (at % 2 === 0 ? piece : known[piece]));
    if (!texts.includes(undefined)) added[header] = texts.join("").trim();
  }
  for (const name of secret) delete known[name];
  const names = new Set(Object.keys(added).map((name) => name.toLowerCase()));
  const others = Object.entries(settings.headers).filter(
    ([name]) => !names.has(name.toLowerCase()),
  );
  const within = { ...Object.fromEntries(others), ...added };
  return new Transport({ ...settings, headers: within, scope: known }, quota);
}
