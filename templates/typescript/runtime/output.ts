// Part of the SDK's fixed runtime: it is the same for every specification.

import { ResponseDecodeError } from "./errors.js";
import { parseJson } from "./json.js";

/** What a validator finds: the value, or what is wrong with it. */
export type Validation<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** A validator of the Standard Schema interface, which zod, valibot and others keep to. */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validation<Output> | Promise<Validation<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Reads a text as JSON, fenced as code or not, and checks it; an error carries the text. */
export async function parseText<Output>(
  text: string,
  schema: StandardSchema<Output>,
): Promise<Output> {
  const found = await schema["~standard"].validate(json(text));
  if (found.issues === undefined) return found.value;
  const said = found.issues.map(({ message }) => message).join("; ");
  throw new ResponseDecodeError(`the answer is not what was asked for: ${said}`, text, {
    cause: found.issues,
  });
}

function json(text: string): unknown {
  const fenced = /^\s*```\w*\s*\n(.*?)\n\s*```\s*$/s.exec(text)?.[1];
  try {
    return parseJson(fenced ?? text);
  } catch (cause) {
    throw new ResponseDecodeError("the answer is not JSON", text, { cause });
  }
}
