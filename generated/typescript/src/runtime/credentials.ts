// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, APIError } from "./errors.js";
import { addCookies, setHeader } from "./headers.js";
import { isObject } from "./json.js";
import { base64, formPairs } from "./request.js";
import type { CallTokens, Credential, Fetch, Placing, TokenSource } from "./transport.js";

/** A bearer token (RFC 6750, section 2.1). */
export const bearer: Placing = (value, _name, headers) => {
  setHeader(headers, "Authorization", `Bearer ${value}`);
};

/** A name and a password with a colon between them (RFC 7617). */
export const basic: Placing = (value, _name, headers) => {
  headers.set("Authorization", `Basic ${base64(value)}`);
};

/** A key in a header. */
export const inHeader: Placing = (value, name, headers) => {
  setHeader(headers, name, value);
};

/** A key in the query. */
export const inQuery: Placing = (value, name, _headers, query) => {
  query[name] = value;
};

/** A key in a cookie. */
export const inCookie: Placing = (value, name, headers) => {
  addCookies(headers, { [name]: value });
};

/** A name and its password (RFC 7617). */
export interface BasicCredential {
  readonly username: string;
  readonly password: string;
}

/** Gives a basic credential as one text, `name:password`. */
export function basicValue(option: string | BasicCredential | undefined): string | undefined {
  return typeof option === "object" ? `${option.username}:${option.password}` : option;
}

/** What a token is asked for with (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
}

/** Gives a token that the caller has, or a source of tokens. */
export function tokenCredential(
  option: string | ClientCredentials | undefined,
  tokenUrl: string,
): Pick<Credential, "value" | "tokens"> {
  if (typeof option !== "object") return { value: option };
  return { value: undefined, tokens: new ClientTokens(option, tokenUrl) };
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

  forCall(send: Fetch, baseUrl: string): CallTokens {
    const url = new URL(this.#url, baseUrl).href;
    let isNew = true;
    return {
      add: async (headers) => {
        if (headers.has("Authorization")) return;
        setHeader(headers, "Authorization", `Bearer ${await this.#valid(send, url)}`);
      },
      isRenewed: (error) => {
        if (!isNew || !(error instanceof APIError) || error.status !== 401) return false;
        isNew = false;
        this.#token = undefined;
        return true;
      },
    };
  }

  #valid(send: Fetch, url: string): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#until) return Promise.resolve(this.#token);
    this.#asked ??= this.#ask(send, url).finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
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
