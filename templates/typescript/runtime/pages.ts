// Part of the SDK's fixed runtime: it is the same for every specification.

import { ResponseDecodeError } from "./errors.js";
import { isObject, type JsonObject } from "./json.js";
import type { OperationRequest } from "./request.js";
import { readJson, ResponsePromise, type Exchange } from "./responses.js";
import type { CallOptions, Transport } from "./transport.js";

/** How a list continues, in the specification's names. */
export interface PageRule {
  /** The field of the body that holds the items. */
  readonly items: string;
  /** The query parameter that asks for what comes after. */
  readonly parameter: string;
  /** The field of the body whose value that parameter takes. */
  readonly from: string;
  /** The field that says whether there is more; absent: an empty page is the last. */
  readonly more?: string;
}

/** One page of a list. Iterating it goes over the items of this page and all further ones. */
export class Page<Item, Body = unknown> implements AsyncIterable<Item> {
  /** The items of this page. */
  readonly data: readonly Item[];
  /** The whole body as it came. */
  readonly body: Body;
  readonly response: Response;
  readonly requestId: string | undefined;
  /** Whether there is a page after this one. */
  readonly hasMore: boolean;
  readonly #cursor: unknown;
  readonly #walk: Walk<Item, Body>;

  constructor(exchange: Exchange<Body>, rule: PageRule, walk: Walk<Item, Body>) {
    const body: JsonObject = isObject(exchange.data) ? exchange.data : {};
    const items = body[rule.items];
    this.data = (Array.isArray(items) ? items : []) as readonly Item[];
    this.body = exchange.data;
    this.response = exchange.response;
    this.requestId = exchange.requestId;
    this.#cursor = body[rule.from] ?? undefined;
    this.hasMore = hasMore(body, rule, this.data.length);
    this.#walk = walk;
  }

  /** Asks for the page after this one; undefined when this is the last. */
  async nextPage(): Promise<Page<Item, Body> | undefined> {
    if (!this.hasMore) return undefined;
    if (this.#cursor !== undefined && !this.#walk.asked.has(this.#cursor)) {
      return this.#walk.follow(this.#cursor);
    }
    throw new ResponseDecodeError(
      "the list says that there is more, and not from where",
      JSON.stringify(this.body),
      { requestId: this.requestId },
    );
  }

  /** Goes over this page and all further ones. */
  async *pages(): AsyncGenerator<Page<Item, Body>, void, undefined> {
    yield this;
    for (let page = await this.nextPage(); page !== undefined; page = await page.nextPage()) {
      yield page;
    }
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

/** A way through a list: the cursors asked for, and how to go on from one. */
interface Walk<Item, Body> {
  readonly asked: ReadonlySet<unknown>;
  readonly follow: (cursor: unknown) => PagePromise<Item, Body>;
}

/** Asks for the first page of a list. */
export function listPages<Item, Body>(
  transport: Transport,
  request: OperationRequest,
  rule: PageRule,
  options?: CallOptions,
): PagePromise<Item, Body> {
  const given = (request.query as Readonly<Record<string, unknown>> | undefined)?.[rule.parameter];
  return askForPage(transport, request, rule, options, new Set([given]));
}

function askForPage<Item, Body>(
  transport: Transport,
  request: OperationRequest,
  rule: PageRule,
  options: CallOptions | undefined,
  asked: ReadonlySet<unknown>,
): PagePromise<Item, Body> {
  const follow = (cursor: unknown): PagePromise<Item, Body> => {
    const next = { ...request, query: { ...request.query, [rule.parameter]: cursor } };
    return askForPage(transport, next, rule, options, new Set([...asked, cursor]));
  };
  const exchange = transport.call<Body>(request, readJson, options).withResponse();
  return new PagePromise(
    exchange.then((each) => ({ ...each, data: new Page(each, rule, { asked, follow }) })),
  );
}

function hasMore(body: JsonObject, rule: PageRule, count: number): boolean {
  if (rule.more !== undefined) return body[rule.more] === true;
  return count > 0 && (body[rule.from] ?? undefined) !== undefined;
}
