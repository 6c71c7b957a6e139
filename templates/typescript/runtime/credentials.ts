// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, APIError } from "./errors.js";
import { addCookies, setHeader } from "./headers.js";
import { asString, isObject, type JsonObject } from "./json.js";
import { base64, formPairs } from "./request.js";
import type { CallTokens, Credential, Fetch } from "./transport.js";

/** A bearer token (RFC 6750, section 2.1). */
export function bearer(token: string | undefined): Credential | undefined {
  const add = (headers: Headers): void => {
    setHeader(headers, "Authorization", `Bearer ${token}`);
  };
  return token ? { secrets: [token], token, add } : undefined;
}

/** A name and its password (RFC 7617). */
export interface BasicCredential {
  readonly username: string;
  readonly password: string;
}

/** A name and a password, or both in a text with a colon between them (RFC 7617). */
export function basic(option: string | BasicCredential | undefined): Credential | undefined {
  const text = typeof option === "object" ? `${option.username}:${option.password}` : option;
  return given(text, (headers) => headers.set("Authorization", `Basic ${base64(text ?? "")}`));
}

/** A key in a header. */
export function inHeader(name: string, key: string | undefined): Credential | undefined {
  return given(key, (headers) => setHeader(headers, name, key ?? ""));
}

/** A key in the query. */
export function inQuery(name: string, key: string | undefined): Credential | undefined {
  return given(key, (_headers, query) => void (query[name] = key));
}

/** A key in a cookie. */
export function inCookie(name: string, key: string | undefined): Credential | undefined {
  return given(key, (headers) => addCookies(headers, { [name]: key }));
}

function given(
  secret: string | undefined,
  add: (headers: Headers, query: Record<string, unknown>) => void,
): Credential | undefined {
  return secret ? { secrets: [secret], add } : undefined;
}

/** What a token is asked for with (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
}

/** A token that others are asked for with, once a person has consented (RFC 6749, section 6). */
export interface RefreshToken {
  readonly refreshToken: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Used until it is refused; absent: one is asked for before the first call. */
  readonly accessToken?: string;
  /** Is told of new tokens, so that they can be kept: the refresh token may be another one. */
  readonly onRefresh?: (tokens: RefreshedTokens) => void | Promise<void>;
}

/** Tokens as a server gave them. */
export interface RefreshedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** How many seconds the access token is valid, where that is said. */
  readonly expiresIn: number | undefined;
}

/** Where tokens are asked for: `token` with a client's own credentials, `refresh` with a token. */
export interface TokenUrls {
  readonly token?: string;
  readonly refresh?: string;
}

/** Gives a token that the caller has, or a source of tokens. */
export function tokenCredential(
  option: string | ClientCredentials | RefreshToken | undefined,
  { token = "", refresh = token }: TokenUrls,
): Credential | undefined {
  if (typeof option !== "object") return bearer(option);
  const isRefresh = "refreshToken" in option;
  const grant = isRefresh ? refreshGrant(option) : clientGrant(option);
  return new Tokens(grant, isRefresh ? refresh : token);
}

/** How tokens are asked for. */
interface Grant {
  readonly form: () => Readonly<Record<string, string | undefined>>;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** What must not be shown. */
  readonly secrets: string[];
  readonly accessToken?: string | undefined;
  readonly take?: (answer: JsonObject) => void | Promise<void>;
}

function clientGrant({ clientId, clientSecret, scopes = [] }: ClientCredentials): Grant {
  const scope = scopes.length === 0 ? undefined : scopes.join(" ");
  const form = { grant_type: "client_credentials", scope };
  return { form: () => form, clientId, clientSecret, secrets: [clientSecret] };
}

function refreshGrant(given: RefreshToken): Grant {
  const { clientId, clientSecret, accessToken, onRefresh } = given;
  let { refreshToken } = given;
  const secrets = [refreshToken, clientSecret ?? [], accessToken ?? []].flat();
  return {
    form: () => ({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: clientSecret === undefined ? clientId : undefined,
    }),
    clientId,
    clientSecret,
    secrets,
    accessToken,
    async take(answer) {
      const accessToken = String(answer["access_token"]);
      refreshToken = asString(answer["refresh_token"]) ?? refreshToken;
      secrets.push(refreshToken, accessToken);
      const expiresIn = answer["expires_in"];
      await onRefresh?.({
        accessToken,
        refreshToken,
        expiresIn: typeof expiresIn === "number" ? expiresIn : undefined,
      });
    },
  };
}

/** A token is not used in the last seconds of its life. */
const MARGIN = 30_000;

/** Asks for a token when one is needed, and for one only however many calls wait for it. */
class Tokens implements Credential {
  readonly secrets: readonly string[];
  readonly #grant: Grant;
  readonly #url: string;
  #token: string | undefined;
  #until = Infinity;
  #asked: Promise<string> | undefined;

  constructor(grant: Grant, url: string) {
    this.secrets = grant.secrets;
    this.#grant = grant;
    this.#url = url;
    this.#token = grant.accessToken;
  }

  add(
    _headers: Headers,
    _query: Record<string, unknown>,
    send: Fetch,
    baseUrl: string,
  ): CallTokens {
    const url = new URL(this.#url, baseUrl).href;
    let isNew = true;
    return {
      add: async (headers) => {
        if (headers.has("Authorization")) return;
        setHeader(headers, "Authorization", `Bearer ${await this.#valid(send, url)}`);
      },
      renews: (error) => {
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
    const { form, clientId = "", clientSecret, take } = this.#grant;
    const user = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret ?? "")}`;
    let response: Response;
    try {
      response = await send(url, {
        method: "POST",
        redirect: "manual",
        headers: {
          Accept: "application/json",
          ...(clientSecret !== undefined && { Authorization: `Basic ${base64(user)}` }),
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: formPairs(form()),
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
    const token = this.#token;
    await take?.(answer);
    return token;
  }
}
