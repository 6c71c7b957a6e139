// Part of the SDK's fixed runtime: it is the same for every specification.

import type { AttemptRequest, AttemptResponse, Interceptor } from "./interceptors.js";

/** What is used of a span of `@opentelemetry/api`. */
export interface Span {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(error: Error): void;
  end(): void;
}

/** What is used of the package `@opentelemetry/api`. */
export interface OpenTelemetry<Context> {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { kind?: number; attributes?: Record<string, string | number> },
        context?: Context,
      ): Span;
    };
    setSpan(context: Context, span: never): Context;
  };
  readonly context: { active(): Context };
  readonly propagation: { inject(context: Context, carrier: Record<string, string>): void };
  readonly SpanKind: { readonly CLIENT: number };
  readonly SpanStatusCode: { readonly ERROR: number };
}

/**
 * Gives each attempt of a call a span, and passes the trace on in its headers.
 *
 * `import * as api from "@opentelemetry/api"`, and pass `openTelemetry(api)` among a client's
 * `interceptors`. A span ends with the head of the answer; it holds no header and no query.
 */
export function openTelemetry<Context>(api: OpenTelemetry<Context>, name = "sdk"): Interceptor {
  const tracer = api.trace.getTracer(name);
  const spans = new WeakMap<AttemptRequest, Span>();
  const fail = (request: AttemptRequest, message: string, error?: Error): void => {
    const span = spans.get(request);
    spans.delete(request);
    if (error !== undefined) span?.recordException(error);
    span?.setStatus({ code: api.SpanStatusCode.ERROR, message });
    span?.end();
  };
  return {
    beforeRequest(request) {
      const { origin, pathname, hostname } = new URL(request.url);
      const attributes = {
        "http.request.method": request.method,
        "http.request.resend_count": request.attempt - 1,
        "server.address": hostname,
        "url.full": origin + pathname,
      };
      const parent = api.context.active();
      const options = { kind: api.SpanKind.CLIENT, attributes };
      const span = tracer.startSpan(request.method, options, parent);
      const carrier: Record<string, string> = {};
      api.propagation.inject(api.trace.setSpan(parent, span as never), carrier);
      for (const [key, value] of Object.entries(carrier)) request.headers.set(key, value);
      spans.set(request, span);
    },
    afterResponse({ request, status }: AttemptResponse) {
      const span = spans.get(request);
      span?.setAttribute("http.response.status_code", status);
      if (status >= 400) fail(request, `status ${status}`);
      else if (spans.delete(request)) span?.end();
    },
    onError: (error, request) => fail(request, error.name, error),
    onRetry: (_attempt, _delay, cause, request) => {
      if (request !== undefined) fail(request, cause.name, cause);
    },
  };
}
