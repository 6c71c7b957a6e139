import assert from "node:assert/strict";
import { test } from "node:test";

import { APIError, AuthenticationError } from "../../generated/typescript/src/index.js";
import { errorClasses } from "../../generated/typescript/src/errors.js";
import {
  basic,
  inQuery,
  tokenCredential,
  type RefreshedTokens,
} from "../../generated/typescript/src/runtime/credentials.js";
import { readJson } from "../../generated/typescript/src/runtime/responses.js";
import { serverUrl } from "../../generated/typescript/src/runtime/servers.js";
import { transportSettings } from "../../generated/typescript/src/runtime/settings.js";
import { Transport, type Credential } from "../../generated/typescript/src/runtime/transport.js";

const REQUEST = { verb: "GET", path: "/me", security: [["Main"]] };

type Sent = readonly [path: string, authorization: string | null, body: unknown];

function transportFor(
  credential: Credential | undefined,
  answer: (path: string, count: number) => Response,
): { transport: Transport; sent: Sent[] } {
  const sent: Sent[] = [];
  const product = {
    userAgent: "test",
    idempotencyHeader: "Idempotency-Key",
    headers: {},
    headerMaps: {},
    errors: { fields: { message: "message" } },
  };
  const settings = transportSettings(
    product,
    { Main: credential },
    {
      extensions: [errorClasses],
      baseUrl: "https://api.test/v1",
      fetch: async (url, init) => {
        const { pathname, search } = new URL(url);
        sent.push([pathname + search, new Headers(init.headers).get("Authorization"), init.body]);
        return answer(pathname, sent.length);
      },
    },
  );
  return { transport: new Transport(settings), sent };
}

const clientCredential = (): Credential | undefined =>
  tokenCredential(
    { clientId: "me:1", clientSecret: "s3cret", scopes: ["a", "b"] },
    { token: "/oauth/token" },
  );
const BASIC = `Basic ${btoa("me%3A1:s3cret")}`;
const ASKED = "grant_type=client_credentials&scope=a%20b";

test("a token is asked for once and used by every call", async () => {
  const { transport, sent } = transportFor(clientCredential(), (path) =>
    Response.json(path === "/oauth/token" ? { access_token: "t1", expires_in: 600 } : {}),
  );

  await Promise.all([transport.call(REQUEST, readJson), transport.call(REQUEST, readJson)]);
  await transport.call(REQUEST, readJson);

  assert.deepEqual(sent, [
    ["/oauth/token", BASIC, ASKED],
    ["/v1/me", "Bearer t1", null],
    ["/v1/me", "Bearer t1", null],
    ["/v1/me", "Bearer t1", null],
  ]);
});

test("a token that is refused is renewed once", async () => {
  const { transport, sent } = transportFor(clientCredential(), (path, count) =>
    path === "/oauth/token"
      ? Response.json({ access_token: `t${count}` })
      : Response.json({}, { status: 401 }),
  );

  await assert.rejects(transport.call(REQUEST, readJson), AuthenticationError);

  assert.deepEqual(
    sent.map(([path, authorization]) => [path, authorization]),
    [
      ["/oauth/token", BASIC],
      ["/v1/me", "Bearer t1"],
      ["/oauth/token", BASIC],
      ["/v1/me", "Bearer t3"],
    ],
  );
});

test("a token that is about to end is not used", async () => {
  const { transport, sent } = transportFor(clientCredential(), (path, count) =>
    Response.json(path === "/oauth/token" ? { access_token: `t${count}`, expires_in: 20 } : {}),
  );

  await transport.call(REQUEST, readJson);
  await transport.call(REQUEST, readJson);

  assert.deepEqual(
    sent.map(([, authorization]) => authorization),
    [BASIC, "Bearer t1", BASIC, "Bearer t3"],
  );
});

test("who gets no token is told so, without the secret", async () => {
  const { transport } = transportFor(clientCredential(), () =>
    Response.json({ error: "s3cret is wrong" }, { status: 400 }),
  );

  await assert.rejects(
    transport.call(REQUEST, readJson),
    (error) => error instanceof APIError && error.status === 400 && !/s3cret/.test(String(error)),
  );
});

test("a refresh token gives a token before the first call, and the new one is told of", async () => {
  const told: RefreshedTokens[] = [];
  const option = {
    refreshToken: "r1",
    clientId: "me",
    onRefresh: (t: RefreshedTokens) => void told.push(t),
  };
  const credential = tokenCredential(option, { refresh: "/renew" });
  const { transport, sent } = transportFor(credential, (path, count) =>
    Response.json(
      path === "/renew"
        ? { access_token: `t${count}`, refresh_token: `r${count}2`, expires_in: 20 }
        : {},
    ),
  );

  await transport.call(REQUEST, readJson);
  await transport.call(REQUEST, readJson);

  const asked = (token: string): string =>
    `grant_type=refresh_token&refresh_token=${token}&client_id=me`;
  assert.deepEqual(sent, [
    ["/renew", null, asked("r1")],
    ["/v1/me", "Bearer t1", null],
    ["/renew", null, asked("r12")],
    ["/v1/me", "Bearer t3", null],
  ]);
  assert.deepEqual(told, [
    { accessToken: "t1", refreshToken: "r12", expiresIn: 20 },
    { accessToken: "t3", refreshToken: "r32", expiresIn: 20 },
  ]);
});

test("an access token is used until it is refused, and none of the tokens is shown", async () => {
  const option = {
    refreshToken: "r-of-mine",
    accessToken: "t-of-mine",
    clientId: "me:1",
    clientSecret: "s3cret",
  };
  const credential = tokenCredential(option, { token: "/token", refresh: "/renew" });
  const { transport, sent } = transportFor(credential, (path, count) =>
    path === "/renew"
      ? Response.json({ access_token: "t-of-theirs" })
      : count === 1
        ? Response.json({}, { status: 401 })
        : Response.json({ error: "t-of-theirs, not r-of-mine" }, { status: 401 }),
  );

  await assert.rejects(
    transport.call(REQUEST, readJson),
    (error) => error instanceof AuthenticationError && !/-of-|s3cret/.test(String(error)),
  );

  assert.deepEqual(
    sent.map(([path, authorization]) => [path, authorization]),
    [
      ["/v1/me", "Bearer t-of-mine"],
      ["/renew", BASIC],
      ["/v1/me", "Bearer t-of-theirs"],
    ],
  );
});

test("credentials go where their scheme says", async () => {
  const placed = async (credential: Credential | undefined): Promise<Sent | undefined> => {
    const { transport, sent } = transportFor(credential, () => Response.json({}));
    await transport.call(REQUEST, readJson);
    return sent[0];
  };
  assert.deepEqual(await placed(inQuery("key", "a b")), ["/v1/me?key=a%20b", null, null]);
  assert.deepEqual(await placed(basic({ username: "é", password: "p:w" })), [
    "/v1/me",
    `Basic ${Buffer.from("é:p:w").toString("base64")}`,
    null,
  ]);
});

test("a server's variables are filled in, the given ones first", () => {
  const template = "https://{region}.api.test/{version}";

  assert.equal(
    serverUrl(template, { region: "eu", version: "v1" }, { region: "us" }),
    "https://us.api.test/v1",
  );
});
