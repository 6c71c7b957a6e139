// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, APIError } from "./errors.js";
import { ResponsePromise } from "./responses.js";
import type { CallOptions } from "./transport.js";

/** Makes a call whose failure does not matter: it gives nothing then, as where it works. */
export function advisory(
  call: ResponsePromise<void>,
  options?: CallOptions,
): ResponsePromise<void> {
  return options?.strict ? call : new Advisory(call.withResponse());
}

class Advisory extends ResponsePromise<void> {
  override then<Result = void, Other = never>(
    onfulfilled?: ((value: void) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return super.then().catch(forgive).then(onfulfilled, onrejected);
  }
}

function forgive(error: unknown): void {
  if (!(error instanceof APIError || error instanceof APIConnectionError)) throw error;
}
