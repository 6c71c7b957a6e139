// Part of the SDK's fixed runtime: it is the same for every specification.

/** A body so far, and how a builder is made of it. Each step gives a new builder. */
export abstract class Steps<Body extends object> {
  readonly #body: Partial<Body>;

  constructor(body: Partial<Body>) {
    this.#body = body;
  }

  /** Sets a property of the body, whatever its name. */
  param(name: string, value: unknown): this {
    return this.with({ ...this.#body, [name]: value });
  }

  /** Gives the body as far as it has come. */
  request(): Body {
    return { ...this.#body } as Body;
  }

  /** Adds items to a list of the body. */
  protected added(name: string, items: readonly unknown[]): this {
    const known = (this.#body as Readonly<Record<string, unknown>>)[name] ?? [];
    return this.param(name, [...(known as readonly unknown[]), ...items]);
  }

  /** Gives a builder like this with another body. */
  protected abstract with(body: Partial<Body>): this;
}
