// Part of the SDK's fixed runtime: it is the same for every specification.

/** Puts the variables of a server into its address. */
export function serverUrl(
  template: string,
  defaults: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string | undefined>> = {},
): string {
  return template.replace(
    /\{([^{}]+)\}/g,
    (_, name: string) => given[name] ?? defaults[name] ?? "",
  );
}
