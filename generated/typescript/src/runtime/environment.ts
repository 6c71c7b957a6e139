// Part of the SDK's fixed runtime: it is the same for every specification.

import { ConfigurationError } from "./errors.js";
import type { ConnectionOptions } from "./settings.js";
import { defaultTimeouts } from "./timeouts.js";

type Variables = Readonly<Record<string, string | undefined>>;

interface Globals {
  readonly process?: { readonly env?: Variables };
}

/** Reads of the environment; Deno asks for a permission and throws when it is refused. */
function read<Found>(reader: (variables: Variables) => Found): Found | undefined {
  try {
    return reader((globalThis as Globals).process?.env ?? {});
  } catch {
    return undefined;
  }
}

/** Reads an environment variable; blank counts as absent, and so does having no environment. */
export function environmentValue(name: string): string | undefined {
  return read((variables) => variables[name]?.trim()) || undefined;
}

/** Reads a number that is not negative. */
function environmentNumber(name: string): number | undefined {
  const text = environmentValue(name);
  if (!text) return undefined;
  if (Number(text) >= 0) return Number(text);
  throw new ConfigurationError(`${name}=${text}`);
}

/** Gives options of every client; what they leave out comes from variables with this prefix. */
export function environmentOptions<Options extends ConnectionOptions>(
  prefix: string,
  options: Options,
): Options {
  const maxAttempts = environmentNumber(`${prefix}_MAX_ATTEMPTS`);
  const timeouts: Record<string, number> = {};
  for (const name of Object.keys(defaultTimeouts)) {
    const variable = name.replace(/[A-Z]/, "_$&").toUpperCase();
    // The environment counts in seconds, as it does for every language.
    const seconds = environmentNumber(`${prefix}_TIMEOUT_${variable}`);
    if (seconds !== undefined) timeouts[name] = seconds * 1_000;
  }
  return {
    ...options,
    baseUrl: options.baseUrl ?? environmentValue(`${prefix}_BASE_URL`),
    timeouts: { ...timeouts, ...options.timeouts },
    retry: { ...(maxAttempts !== undefined && { maxAttempts }), ...options.retry },
  };
}

/** Gives a map of headers; what it leaves out comes from the variables that begin so. */
export function environmentMap<Given extends object>(
  given: Given | undefined,
  prefix: string,
): Given {
  const names = read(Object.keys)?.filter((name) => name.startsWith(prefix)) ?? [];
  const entries = names.map((name) => [
    name.slice(prefix.length).toLowerCase(),
    environmentValue(name),
  ]);
  return { ...Object.fromEntries(entries), ...given } as Given;
}

/** Gives a token or what to ask for one with: an option, else what the environment has. */
export function tokenOption<Given>(
  option: Given | undefined,
  variable: string,
  idVariable: string,
  secretVariable: string,
): Given | string | { readonly clientId: string; readonly clientSecret: string } | undefined {
  const value = option ?? environmentValue(variable);
  const clientId = environmentValue(idVariable);
  const clientSecret = environmentValue(secretVariable);
  return value ?? (clientId && clientSecret ? { clientId, clientSecret } : undefined);
}
