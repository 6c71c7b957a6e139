// Part of the SDK's fixed runtime: it is the same for every specification.

import { isObject, type JsonValue } from "./json.js";
import { base64, percentEncoded } from "./request.js";
import type { TransportSettings } from "./transport.js";

/** What logs and messages must not show. Names and prefixes are in lower case. */
export interface Secrets {
  /** Headers and parameters that hold a secret, beside those whose names say so. */
  readonly names: readonly string[];
  /** What the names of headers that hold a secret begin with. */
  readonly prefixes: readonly string[];
  /** Names that only sound as if they held a secret. */
  readonly shown: readonly string[];
  /** The secrets themselves. */
  readonly values: readonly string[];
}

const MARK = "[redacted]";
const SECRET_WORD = /(^|[-_])(key|apikey|secret|password|token|authorization|cookie|credential)$/i;
/** A shorter secret would blot out words that only look like it. */
const SHORTEST = 4;

/** Gives the secrets of a client, and those that one request adds. */
export function secretsOf(
  settings: TransportSettings,
  request?: { readonly url: string; readonly headers: Headers },
): Secrets {
  const { product, credentials } = settings;
  const secrets: Secrets = {
    names: (product.secretHeaders ?? []).map((name) => name.toLowerCase()),
    prefixes: Object.values(product.headerMaps).map(({ prefix }) => prefix.toLowerCase()),
    shown: [product.idempotencyHeader.toLowerCase()],
    values: Object.values(credentials).flatMap((each) => each?.secrets ?? []),
  };
  if (request === undefined) return secrets;
  const sent = [...request.headers, ...new URL(request.url).searchParams]
    .filter(([name]) => isSecretName(name, secrets))
    .map(([, value]) => value.replace(/^\w+ /, ""));
  return { ...secrets, values: [...secrets.values, ...sent] };
}

/** Whether what stands behind a name is a secret. */
export function isSecretName(name: string, { names, prefixes, shown }: Secrets): boolean {
  const lower = name.toLowerCase();
  if (shown.includes(lower)) return false;
  return (
    SECRET_WORD.test(name.replace(/([a-z])([A-Z])/g, "$1-$2")) ||
    names.includes(lower) ||
    prefixes.some((prefix) => lower.startsWith(prefix))
  );
}

/** Shows headers or JSON: texts behind a secret name are replaced whole. Pure. */
export function redacted(
  value: JsonValue | undefined,
  secrets: Secrets,
  isSecret = false,
): JsonValue | undefined {
  if (typeof value === "string") return isSecret ? MARK : redactedText(value, secrets);
  if (Array.isArray(value)) {
    return value.map((item) => redacted(item, secrets, isSecret) as JsonValue);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, item]) => [
    redactedText(name, secrets),
    redacted(item, secrets, isSecretName(name, secrets)),
  ]);
  return Object.fromEntries(entries) as JsonValue;
}

/** Shows a text, which may hold secrets and URLs, or be a URL. Pure. */
export function redactedText(text: string, secrets: Secrets): string {
  const known = secretPattern(secrets.values);
  return (known === undefined ? text : text.replace(known, MARK))
    .replace(/((?:bearer|basic) )[\w.~+/=-]{8,}/gi, `$1${MARK}`)
    .replace(/https?:[^\s"'<>]*/gi, (url) => redactedUrl(url, secrets));
}

function redactedUrl(url: string, secrets: Secrets): string {
  return url
    .replace(/^(https?:\/\/)[^/?#]*@/i, `$1${MARK}@`)
    .replace(/([?&#])([^?&#=]*)=[^&#]*/g, (whole, start: string, name: string) =>
      isSecretName(decoded(name), secrets) ? `${start}${name}=${MARK}` : whole,
    );
}

/** Finds every form in which a secret may stand in a text, the longest first. */
function secretPattern(values: readonly string[]): RegExp | undefined {
  const forms = values
    .filter((value) => [...value].length >= SHORTEST)
    .sort((one, other) => other.length - one.length)
    .flatMap((value) => [
      value,
      percentEncoded(value),
      JSON.stringify(value).slice(1, -1),
      base64(value),
    ]);
  if (forms.length === 0) return undefined;
  const escaped = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "g");
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
