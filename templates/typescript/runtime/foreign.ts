// Part of the SDK's fixed runtime: it is the same for every specification.

import { addHeaders, inBrowser, platformHeaders } from "./headers.js";
import type { Transport } from "./transport.js";

/** A client's settings in the terms of vendors' clients. */
export interface ForeignSettings {
  readonly baseURL: string;
  /** In milliseconds. */
  readonly timeout: number;
  readonly maxRetries: number;
  readonly defaultHeaders: Record<string, string>;
  /** A key that this client may have in a web page is no safer in another client. */
  readonly dangerouslyAllowBrowser: boolean;
}

const LONGEST_TIMER = 2_147_483_647;

/** Translates a client's settings; `path` follows the API's address. */
export function foreignSettings(
  { settings, baseUrl }: Transport,
  path: string,
): ForeignSettings & { readonly credential: string } {
  const { timeouts, retry } = settings;
  const headers = new Headers();
  addHeaders(headers, { ...platformHeaders(settings), ...settings.headers });
  const held = Object.values(settings.credentials).find((each) => each?.token);
  return {
    baseURL: baseUrl + path,
    // Vendors' clients insist on a credential.
    credential: held?.token ?? "none",
    timeout: Math.min(timeouts.total, LONGEST_TIMER),
    maxRetries: retry.maxAttempts - 1,
    defaultHeaders: Object.fromEntries(headers),
    dangerouslyAllowBrowser: inBrowser(),
  };
}
