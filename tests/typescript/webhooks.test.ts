import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import {
  ConfigurationError,
  ResponseDecodeError,
  WebhookVerificationError,
} from "../../generated/typescript/src/runtime/errors.js";
import {
  unwrapped,
  verify,
  type WebhookSecrets,
} from "../../generated/typescript/src/runtime/webhooks.js";

const SCHEME = { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" };
const SECRET = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
const NOW = 1_763_700_000;
const BODY = '{"type":"run.done","name":"é"}';

function signed(body: string, at = NOW, secret = SECRET): Record<string, string> {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const mark = createHmac("sha256", key).update(`msg_1.${at}.${body}`).digest("base64");
  return {
    "Webhook-Id": "msg_1",
    "webhook-timestamp": `${at}`,
    "webhook-signature": `v1a,abc v1,bm90IHRoaXM= v1,${mark}`,
  };
}

const at = { now: NOW * 1_000 };

test("the example of the Standard Webhooks specification is accepted", async () => {
  await verify(
    '{"test": 2432232314}',
    new Headers({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }),
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    SCHEME,
    { now: 1_614_265_330_000 },
  );
});

test("a signed webhook is read, as text or bytes", async () => {
  for (const body of [BODY, new TextEncoder().encode(BODY)]) {
    assert.deepEqual(await unwrapped(body, signed(BODY), SECRET, SCHEME, at), JSON.parse(BODY));
  }
});

test("a webhook that was changed, is old, or is not signed is refused", async () => {
  const other = `whsec_${Buffer.from("another secret").toString("base64")}`;
  for (const [body, headers] of [
    [`${BODY} `, signed(BODY)],
    [BODY, signed(BODY, NOW, other)],
    [BODY, signed(BODY, NOW - 301)],
    [BODY, signed(BODY, NOW + 301)],
    [BODY, { ...signed(BODY), "webhook-timestamp": "soon" }],
    [BODY, { ...signed(BODY), "webhook-timestamp": `${NOW + 1}` }],
    [BODY, {}],
  ] as const) {
    await assert.rejects(verify(body, headers, SECRET, SCHEME, at), WebhookVerificationError);
  }
});

test("a signed body that is not JSON is an error with its text", async () => {
  await assert.rejects(
    unwrapped("oops", signed("oops"), SECRET, SCHEME, at),
    (error) => error instanceof ResponseDecodeError && error.raw === "oops",
  );
});

test("one of several secrets will do", async () => {
  const other = `whsec_${Buffer.from("another secret").toString("base64")}`;
  await verify(BODY, signed(BODY), [other, SECRET], SCHEME, at);
  await assert.rejects(verify(BODY, signed(BODY), [other], SCHEME, at), WebhookVerificationError);
});

test("an empty secret is refused: anybody can sign with it", async () => {
  const absent = [undefined, null, 7, [undefined]] as unknown as WebhookSecrets[];
  for (const secret of ["", "whsec_", [], [SECRET, ""], [SECRET, "whsec_"], ...absent]) {
    const forged = signed(BODY, NOW, "whsec_");
    await assert.rejects(verify(BODY, forged, secret, SCHEME, at), ConfigurationError);
  }
});
