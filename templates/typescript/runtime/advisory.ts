// Part of the SDK's fixed runtime: it is the same for every specification.

import { APIConnectionError, APIError } from "./errors.js";
import type { OperationRequest } from "./request.js";
import { readNothing, ResponsePromise, type Exchange } from "./responses.js";
import type { CallOptions, Transport } from "./transport.js";

/** Makes a call whose failure is told to the log and the interceptors alone, unless it is strict. */
export function advise(
  transport: Transport,
  request: OperationRequest,
  options: CallOptions = {},
): ResponsePromise<void> {
  const promise = transport.call(request, readNothing, options);
  return options.strict ? promise : new AdvisoryPromise(promise.withResponse());
}

/** A promise that a failed call fulfils too; the answer asked for with it is there or is raised. */
class AdvisoryPromise extends ResponsePromise<void> {
  constructor(exchange: Promise<Exchange<void>>) {
    super(exchange);
    // Nobody has to wait for it, so nobody may hear of what nobody waited for.
    exchange.catch(() => undefined);
  }

  override then<Result = void, Other = never>(
    onfulfilled?: ((value: void) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return super.then(undefined, forgive).then(onfulfilled, onrejected);
  }
}

/** Takes the failure of a call; what the caller did wrong, or did himself, stays an error. */
function forgive(error: unknown): void {
  if (!(error instanceof APIError || error instanceof APIConnectionError)) throw error;
}
