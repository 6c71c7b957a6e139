// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, APIError } from "./errors.js";
import { ResponsePromise, type Exchange } from "./responses.js";
import type { CallOptions } from "./transport.js";

/** Makes a call whose failure does not matter: it gives nothing then, as where it works. */
export function advisory(
  call: ResponsePromise<void>,
  options?: CallOptions,
): ResponsePromise<void> {
  return options?.strict ? call : new Advisory(call.withResponse());
}

class Advisory extends ResponsePromise<void> {
  /** Made at once: a caller that does not wait for the call is not to end on its failure. */
  readonly #forgiven = super.then().catch(forgive);

  override withResponse(): Promise<Exchange<void>> {
    this.#forgiven.catch(() => {});
    return super.withResponse();
  }

  override then<Result = void, Other = never>(
    onfulfilled?: ((value: void) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return this.#forgiven.then(onfulfilled, onrejected);
  }
}

function forgive(error: unknown): void {
  if (!(error instanceof APIError || error instanceof APIConnectionError)) throw error;
}
