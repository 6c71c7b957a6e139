// Part of the SDK's fixed runtime: it is the same for every specification.

import type { Interceptor } from "./interceptors.js";
import type { ResponsePromise } from "./responses.js";

/** What a call took, and of the answer that it came to what is not its body. */
export interface CallStats {
  /** Milliseconds from the call to its whole answer. */
  readonly duration: number;
  /** All attempts, the first one included. */
  readonly attempts: number;
  readonly status: number;
  readonly requestId: string | undefined;
}

interface Watched {
  readonly interceptors?: readonly Interceptor[];
}

/** Makes a call, and says what it took. */
export async function measured<Data, Options extends Watched>(
  call: (options: Options) => ResponsePromise<Data>,
  options?: Options,
): Promise<[Data, CallStats]> {
  const begun = performance.now();
  let address: string | undefined;
  let attempts = 0;
  const counting: Interceptor = {
    beforeRequest({ url, attempt }) {
      address ??= url;
      // What asks for an answer that comes later is sent elsewhere, with numbers of its own.
      if (url === address) attempts = attempt;
    },
  };
  const interceptors = [...(options?.interceptors ?? []), counting];
  const exchange = await call({ ...options, interceptors } as unknown as Options).withResponse();
  const { data, response, requestId } = exchange;
  const duration = performance.now() - begun;
  return [data, { duration, attempts, status: response.status, requestId }];
}
