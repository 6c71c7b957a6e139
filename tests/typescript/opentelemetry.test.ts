import assert from "node:assert/strict";
import { test } from "node:test";

import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

import { Headgate, HeadgateError } from "../../generated/typescript/src/index.js";
import { openTelemetry } from "../../generated/typescript/src/runtime/opentelemetry.js";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
api.trace.setGlobalTracerProvider(provider);
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());

function clientFor(answers: readonly (() => Response)[], sent: Headers[]): Headgate {
  exporter.reset();
  return new Headgate({
    baseUrl: "http://gateway.test",
    apiKey: "hg_v1_secret",
    retry: { baseDelay: 0, throttledDelay: 0 },
    interceptors: [openTelemetry(api)],
    fetch: async (_url, { headers }) => {
      sent.push(new Headers(headers));
      return (answers[sent.length - 1] as () => Response)();
    },
  });
}

const fail = (): Response => {
  throw new TypeError("fetch failed");
};
const busy = (): Response => Response.json({ error: { message: "busy" } }, { status: 503 });
const answered = (): Response => Response.json({ id: "m" });

test("each attempt has a span below the caller's, and passes its own on", async () => {
  const sent: Headers[] = [];
  const client = clientFor([fail, busy, answered], sent);

  await api.trace.getTracer("test").startActiveSpan("mine", async (span) => {
    await client.models.get("m");
    span.end();
  });

  const spans = exporter.getFinishedSpans();
  const mine = spans.find(({ name }) => name === "mine");
  const attempts = spans.filter(({ name }) => name === "GET");
  assert.deepEqual(
    attempts.map(({ attributes, status }) => [
      attributes["http.request.resend_count"],
      attributes["http.response.status_code"],
      status.code,
    ]),
    [
      [0, undefined, api.SpanStatusCode.ERROR],
      [1, 503, api.SpanStatusCode.ERROR],
      [2, 200, api.SpanStatusCode.UNSET],
    ],
  );
  assert.deepEqual(
    attempts.map((span) => span.parentSpanContext?.spanId),
    attempts.map(() => mine?.spanContext().spanId),
  );
  assert.deepEqual(
    sent.map((headers) => headers.get("traceparent")?.split("-").slice(1, 3)),
    attempts.map((span) => [span.spanContext().traceId, span.spanContext().spanId]),
  );
});

test("the error of a call ends its span, which holds no secret", async () => {
  const client = clientFor([busy, busy, busy], []);

  await assert.rejects(client.models.get("m", { query: { key: "hidden" } }), HeadgateError);

  const spans = exporter.getFinishedSpans();
  const shown = JSON.stringify(
    spans.map(({ name, attributes, events }) => [name, attributes, events]),
  );
  assert.equal(spans.length, 3);
  assert.ok(!/hg_v1_secret|hidden/.test(shown), shown);
});
