// Part of the SDK's fixed runtime: it is the same for every specification.

interface Globals {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly document?: unknown;
}

/** Reads an environment variable; blank counts as absent, and so does having no environment. */
export function environmentValue(name: string): string | undefined {
  try {
    return (globalThis as Globals).process?.env?.[name]?.trim() || undefined;
  } catch {
    return undefined; // Deno asks for a permission and throws when it is refused.
  }
}

/** Gives an option, or the environment's value for one that was left out. */
export function optionValue(option: string | undefined, variable: string): string | undefined {
  return option ?? environmentValue(variable);
}

/** Reads a number that is not negative; any other text counts as absent. */
export function environmentNumber(name: string): number | undefined {
  const value = Number(environmentValue(name) ?? Number.NaN);
  return value >= 0 ? value : undefined;
}

/** Whether this is a web page, where `User-Agent` is not ours to set. */
export function inBrowser(): boolean {
  return (globalThis as Globals).document !== undefined;
}
