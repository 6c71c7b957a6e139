// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError, ResponseDecodeError, WebhookVerificationError } from "./errors.js";
import { parseJson } from "./json.js";

/** The headers of a request that a webhook came in. */
export type WebhookHeaders =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The names of the headers that sign a webhook. */
export interface WebhookScheme {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

export interface WebhookOptions {
  /** By how many seconds the clocks may differ; absent: 300. */
  readonly tolerance?: number;
  /** The present moment in milliseconds since 1970; absent: the clock's. */
  readonly now?: number;
}

/** What webhooks are signed with; several are those of a rotation. */
export type WebhookSecrets = string | readonly string[];

/** Checks the signature of a webhook (Standard Webhooks, version 1). */
export async function verify(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: WebhookSecrets,
  scheme: WebhookScheme,
  { tolerance = 300, now = Date.now() }: WebhookOptions = {},
): Promise<void> {
  const [id, timestamp, signatures] = [scheme.id, scheme.timestamp, scheme.signature].map((name) =>
    headerOf(headers, name),
  );
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    throw new WebhookVerificationError("the webhook is not signed");
  }
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= tolerance)) {
    throw new WebhookVerificationError("the webhook was signed too long ago, or by another clock");
  }
  const text = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const start = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(start.length + text.length);
  signed.set(start);
  signed.set(text, start.length);
  const keys = await secretKeys(secret);
  for (const each of signatures.split(" ")) {
    const signature = each.startsWith("v1,") ? bytesOf(each.slice(3)) : undefined;
    if (signature === undefined) continue;
    for (const key of keys) {
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) return;
    }
  }
  throw new WebhookVerificationError("no signature of the webhook is made with the secret");
}

/** Checks a webhook and reads its body. */
export async function unwrapped<Body>(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: WebhookSecrets,
  scheme: WebhookScheme,
  options?: WebhookOptions,
): Promise<Body> {
  await verify(body, headers, secret, scheme, options);
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  try {
    return parseJson(text) as Body;
  } catch (cause) {
    throw new ResponseDecodeError("the webhook is not JSON", text, { cause });
  }
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase());
  const value = found?.[1];
  return typeof value === "string" ? value : value?.join(" ");
}

/** Reads the secrets. Anybody can sign with an empty one, so none may be. */
function secretKeys(secrets: unknown): Promise<CryptoKey[]> {
  const several: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  if (several.length === 0) throw new ConfigurationError("the webhook's secret is missing");
  return Promise.all(several.map(secretKey));
}

async function secretKey(secret: unknown): Promise<CryptoKey> {
  const bytes = typeof secret === "string" ? bytesOf(secret.replace(/^whsec_/, "")) : undefined;
  if (bytes === undefined || bytes.length === 0) {
    throw new ConfigurationError("the webhook's secret is not Base64");
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
