// Part of the SDK's fixed runtime: it is the same for every specification.

import { ResponseDecodeError } from "./errors.js";
import { own } from "./json.js";
import { requestUrl, type OperationRequest } from "./request.js";
import { readJson, ResponsePromise, type Exchange } from "./responses.js";
import type { CallOptions, Transport } from "./transport.js";

/** What is known of a page when the next one is asked for. */
export interface PageFacts {
  readonly body: unknown;
  /** How many items it has. */
  readonly count: number;
  readonly headers: Headers;
  /** What it was asked for with. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly request: OperationRequest;
  /** The address of the API, and the one that the page was asked for at. */
  readonly baseUrl: string;
  readonly url: string;
}

/** How a list continues. */
export interface PageRule {
  /** The field of the body that holds the items; empty: the body is the list. */
  readonly items: string;
  /** Asks for the next page: undefined at the list's end, null where it is not said how. */
  readonly next: (page: PageFacts) => OperationRequest | null | undefined;
}

function withQuery(request: OperationRequest, name: string, value: unknown): OperationRequest {
  return { ...request, query: { ...request.query, [name]: value } };
}

/** How a list continues after what one of its pages says. */
interface CursorRule {
  readonly items: string;
  /** The query parameter that asks for what comes after. */
  readonly parameter: string;
  /** The field whose value that parameter takes. */
  readonly from: string;
  /** The field that says whether there is more; absent: an empty page is the last. */
  readonly more?: string;
}

/** A list whose pages say where the next one begins. */
export function byCursor({ items, parameter, from, more }: CursorRule): PageRule {
  return {
    items,
    next: ({ body, count, request }) => {
      const cursor = own(body, from) ?? undefined;
      if (more ? own(body, more) !== true : !(count && cursor)) return undefined;
      return cursor === undefined ? null : withQuery(request, parameter, cursor);
    },
  };
}

/** A list that goes on after its last item. */
export function byLastItem({ items, parameter, from, more }: CursorRule): PageRule {
  return {
    items,
    next: ({ body, count, request }) => {
      if (more ? own(body, more) !== true : !count) return undefined;
      const last = own(itemsOf(body, items).at(-1), from) ?? undefined;
      return last === undefined ? null : withQuery(request, parameter, last);
    },
  };
}

/** A list that is asked for from a number of items on. */
export function byOffset(rule: {
  readonly items: string;
  readonly offset: string;
  readonly limit?: string;
  /** The field that counts the items of all pages; absent: a short page is the last. */
  readonly total?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count, query, request }) => {
      const offset = Number(query[rule.offset] ?? 0) + count;
      const total = own(body, rule.total);
      const limit = rule.limit === undefined ? undefined : query[rule.limit];
      const isLast = typeof total === "number" ? offset >= total : count < Number(limit ?? 1);
      return count === 0 || isLast ? undefined : withQuery(request, rule.offset, offset);
    },
  };
}

/** A list in numbered pages. */
export function byNumber(rule: {
  readonly items: string;
  readonly page: string;
  /** The number of the first page. */
  readonly first: number;
  /** The field that counts the pages; absent: an empty page is the last. */
  readonly pages?: string;
}): PageRule {
  return {
    items: rule.items,
    next: ({ body, count, query, request }) => {
      const page = Number(query[rule.page] ?? rule.first) + 1;
      const pages = own(body, rule.pages);
      const isLast = typeof pages === "number" ? page >= pages + rule.first : count === 0;
      return isLast ? undefined : withQuery(request, rule.page, page);
    },
  };
}

/** A list that goes on at the address of the header `Link` (RFC 8288). */
export function byLink(rule: { readonly items: string }): PageRule {
  return {
    items: rule.items,
    next: ({ headers, url: asked, baseUrl, request }) => {
      const links = headers
        .get("link")
        ?.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;="]+=(?:"[^"]*"|[^,;"]*))*)/g);
      for (const [, url = "", parameters = ""] of links ?? []) {
        if (/;\s*rel="?(?:[^"]*\s)?next[\s";]?/i.test(parameters)) {
          return requestAt(new URL(url, asked), baseUrl, request);
        }
      }
      return undefined;
    },
  };
}

/** One page of a list. Iterating it goes over the items of this page and all further ones. */
export class Page<Item, Body = unknown> implements AsyncIterable<Item> {
  /** The items of this page. */
  declare readonly data: readonly Item[];
  /** The whole body as it came. */
  declare readonly body: Body;
  declare readonly response: Response;
  declare readonly requestId: string | undefined;
  /** Whether there is a page after this one. */
  declare readonly hasMore: boolean;
  readonly #ask: () => PromiseLike<Page<Item, Body>> | undefined;

  /** `ask` sends the request for the next page; it gives none where it was sent before. */
  constructor(
    { data: body, response, requestId }: Exchange<Body>,
    rule: PageRule,
    facts: Omit<PageFacts, "body" | "count" | "headers">,
    ask: (next: OperationRequest) => PromiseLike<Page<Item, Body>> | undefined,
  ) {
    const items = itemsOf(body, rule.items) as readonly Item[];
    const { headers } = response;
    const next = rule.next({ ...facts, body, count: items.length, headers });
    Object.assign(this, { data: items, body, response, requestId, hasMore: next !== undefined });
    this.#ask = () => (next ? ask(next) : undefined);
  }

  /** Asks for the page after this one; undefined when this is the last. */
  async nextPage(): Promise<Page<Item, Body> | undefined> {
    const next = this.#ask();
    if (next || !this.hasMore) return next;
    const { body, requestId } = this;
    const text = JSON.stringify(body);
    throw new ResponseDecodeError("the next page is missing", text, { requestId });
  }

  /** Goes over this page and all further ones. */
  async *pages(): AsyncGenerator<Page<Item, Body>, void, undefined> {
    let page: Page<Item, Body> | undefined = this;
    do yield page;
    while ((page = await page.nextPage()));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}

/** The promise of a first page; iterating it goes over the items of all pages. */
export class PagePromise<Item, Body = unknown>
  extends ResponsePromise<Page<Item, Body>>
  implements AsyncIterable<Item>
{
  /** Goes over all pages. */
  async *pages(): AsyncGenerator<Page<Item, Body>, void, undefined> {
    yield* (await this).pages();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    yield* await this;
  }
}

/** Asks for the first page of a list. */
export function listPages<Item, Body>(
  transport: Transport,
  request: OperationRequest,
  rule: PageRule,
  options?: CallOptions,
  before: readonly string[] = [],
): PagePromise<Item, Body> {
  const { baseUrl } = transport;
  const url = requestUrl(baseUrl, request, request.query ?? {});
  const asked = [...before, url];
  const ask = (next: OperationRequest): PagePromise<Item, Body> | undefined =>
    asked.includes(requestUrl(baseUrl, next, next.query ?? {}))
      ? undefined
      : listPages(transport, next, rule, options, asked);
  const query = { ...request.query, ...options?.query };
  const facts = { query, request, baseUrl, url };
  const exchange = transport.call<Body>(request, readJson, options).withResponse();
  return new PagePromise(
    exchange.then((each) => ({ ...each, data: new Page<Item, Body>(each, rule, facts, ask) })),
  );
}

/** Credentials go to the API's own address and to no other. */
function requestAt(
  { origin, pathname, searchParams }: URL,
  baseUrl: string,
  request: OperationRequest,
): OperationRequest | null {
  const base = new URL(baseUrl);
  const start = base.pathname.replace(/\/+$/, "");
  if (origin !== base.origin || !pathname.startsWith(`${start}/`)) return null;
  const names = new Set(searchParams.keys());
  const query = Object.fromEntries([...names].map((name) => [name, searchParams.getAll(name)]));
  return { ...request, path: pathname.slice(start.length), query };
}

function itemsOf(body: unknown, name: string): readonly unknown[] {
  const items = name === "" ? body : own(body, name);
  return Array.isArray(items) ? items : [];
}
