// Part of the SDK's fixed runtime: it is the same for every specification.

import { environmentValue } from "./environment.js";
import { APIConnectionError, APIError } from "./errors.js";
import { isObject } from "./json.js";
import { base64, formPairs } from "./request.js";
import type { Credential, Fetch, TokenSource } from "./transport.js";

/** A name and its password (RFC 7617). */
export interface BasicCredential {
  readonly username: string;
  readonly password: string;
}

/** Gives a basic credential as one text: an option, else the environment's `name:password`. */
export function basicValue(
  option: string | BasicCredential | undefined,
  variable: string,
): string | undefined {
  if (typeof option === "object") return `${option.username}:${option.password}`;
  return option ?? environmentValue(variable);
}

/** What a token is asked for with (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
}

/** Where tokens come from, and the environment's variables for what is left out. */
export interface TokenRule {
  readonly tokenUrl: string;
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Gives a token that the caller has, or a source of tokens. */
export function tokenCredential(
  option: string | ClientCredentials | undefined,
  rule: TokenRule,
): Pick<Credential, "value" | "tokens"> {
  if (typeof option === "object") return { value: undefined, tokens: source(option, rule) };
  const value = option ?? environmentValue(rule.token);
  const clientId = environmentValue(rule.clientId);
  const clientSecret = environmentValue(rule.clientSecret);
  if (value !== undefined || clientId === undefined || clientSecret === undefined) return { value };
  return { value: undefined, tokens: source({ clientId, clientSecret }, rule) };
}

function source(credentials: ClientCredentials, { tokenUrl }: TokenRule): TokenSource {
  return new ClientTokens(credentials, tokenUrl);
}

/** A token is not used in the last seconds of its life. */
const MARGIN = 30_000;

/** Asks for a token when one is needed, and for one only however many calls wait for it. */
class ClientTokens implements TokenSource {
  readonly secret: string;
  readonly #credentials: ClientCredentials;
  readonly #url: string;
  #token: string | undefined;
  #until = 0;
  #asked: Promise<string> | undefined;

  constructor(credentials: ClientCredentials, url: string) {
    this.secret = credentials.clientSecret;
    this.#credentials = credentials;
    this.#url = url;
  }

  token(send: Fetch, baseUrl: string): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#until) return Promise.resolve(this.#token);
    this.#asked ??= this.#ask(send, new URL(this.#url, baseUrl).href).finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  forget(): void {
    this.#token = undefined;
  }

  async #ask(send: Fetch, url: string): Promise<string> {
    const { clientId, clientSecret, scopes = [] } = this.#credentials;
    const user = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const scope = scopes.length === 0 ? undefined : scopes.join(" ");
    let response: Response;
    try {
      response = await send(url, {
        method: "POST",
        redirect: "manual",
        headers: {
          Accept: "application/json",
          Authorization: `Basic ${base64(user)}`,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: formPairs({ grant_type: "client_credentials", scope }),
      });
    } catch {
      throw new APIConnectionError("the server that gives tokens cannot be reached", {
        sent: false,
      });
    }
    const answer: unknown = await response.json().catch(() => undefined);
    const { status, headers } = response;
    if (!response.ok || !isObject(answer) || typeof answer["access_token"] !== "string") {
      throw new APIError("the server gave no token", { status, headers });
    }
    const seconds = typeof answer["expires_in"] === "number" ? answer["expires_in"] : 3_600;
    this.#until = Date.now() + Math.max(seconds * 1_000 - MARGIN, 0);
    this.#token = answer["access_token"];
    return this.#token;
  }
}
