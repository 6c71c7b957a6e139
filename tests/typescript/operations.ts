import type { Headgate } from "../../generated/typescript/src/index.js";
import { readJson } from "./vectors.js";

/** The document, as the gateway serves it. */
export const SPEC = "gateway/headgate_gateway/spec/openapi.json";
const VERBS = new Set(["get", "put", "post", "patch", "delete"]);

interface Example {
  readonly $ref?: string;
  readonly value?: unknown;
}

interface Parameter {
  readonly $ref?: string;
  readonly in: string;
  readonly required?: boolean;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Record<string, { examples?: Record<string, Example> }>;
  };
}

export interface Declared {
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
  /** A body that it takes, if it takes any. */
  readonly body: unknown;
  /** What its calls look like, as `METHOD path`. */
  readonly pattern: RegExp;
}

/** Every operation of the document. */
export function operations(): Declared[] {
  const document = readJson(SPEC) as {
    paths: Record<string, Record<string, unknown>>;
    components: { parameters: Record<string, Parameter>; examples: Record<string, Example> };
  };
  const last = ({ $ref = "" }: { $ref?: string }): string => $ref.split("/").at(-1) ?? "";
  const bodyOf = ({ requestBody }: Operation): unknown => {
    const [example] = Object.values(requestBody?.content["application/json"]?.examples ?? {});
    return example && (document.components.examples[last(example)] ?? example).value;
  };
  const resolved = (each: Parameter): Parameter =>
    document.components.parameters[last(each)] ?? each;
  return Object.entries(document.paths).flatMap(([path, item]) => {
    const pattern = path.replace(/[.*+?^$|()[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+");
    const shared = (item["parameters"] ?? []) as Parameter[];
    return Object.entries(item)
      .filter(([verb]) => VERBS.has(verb))
      .map(([verb, each]) => {
        const operation = each as Operation;
        return {
          operation,
          body: bodyOf(operation),
          parameters: [...shared, ...(operation.parameters ?? [])].map(resolved),
          pattern: new RegExp(`^${verb.toUpperCase()} ${pattern}$`),
        };
      });
  });
}

/** Calls an operation by its id, with the document's example for its body. */
export async function called(
  client: Headgate,
  { operation, parameters, body }: Declared,
): Promise<unknown> {
  const names = operation.operationId
    .split(".")
    .map((name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  const method = names.pop() ?? "";
  const resource = names.reduce<unknown>(
    (one, name) => (one as Readonly<Record<string, unknown>>)[name],
    client,
  );
  const inPath = parameters.filter((each) => each.in === "path");
  const given = [...inPath.map(() => "of-nobody"), ...(body === undefined ? [] : [body])];
  type Call = (...given: unknown[]) => Promise<unknown> | Stream;
  const made = (resource as Readonly<Record<string, Call | undefined>>)[method]?.(...given);
  if (made === undefined) throw new Error(`the client has no ${operation.operationId}`);
  if (!("untilDone" in made)) return await made;
  await made.response();
  made.close();
  return undefined;
}

interface Stream {
  untilDone(): Promise<void>;
  response(): Promise<unknown>;
  close(): void;
}
