import postgres from "postgres";

/** Tables can be changed again while work on them is tried again. */
const ATTEMPTS = 5;

const codeOf = (error: unknown): string => (error instanceof postgres.PostgresError ? error.code : "");

/**
 * Whether a statement was prepared for tables that are not there any more: PostgreSQL refuses it when the result has other
 * types (https://www.postgresql.org/docs/current/sql-prepare.html) or a parameter no longer compares (undefined_function,
 * datatype_mismatch).
 */
const isOutdated = (error: unknown): boolean =>
  (codeOf(error) === "0A000" && (error as postgres.PostgresError).routine === "RevalidateCachedQuery") ||
  ["42883", "42804"].includes(codeOf(error));

/**
 * Whether the wall refused us (insufficient_privilege). A transaction that waited for tables while they were replaced has
 * the role of the former ones. And a connection that was looking up its roles when another one was created keeps what it
 * found: PostgreSQL loses the news that arrives meanwhile.
 */
const isRefused = (error: unknown): boolean => codeOf(error) === "42501";

/** Carries out work on namespaces although their tables and roles change under way. */
export class Plans {
  readonly #editions = new Map<string, number>();
  readonly #renewRole: (slug: string) => Promise<void>;

  /** @param renewRole makes every connection look up again who may take the namespace's role. */
  constructor(renewRole: (slug: string) => Promise<void>) {
    this.#renewRole = renewRole;
  }

  /** The text under which a statement is prepared now: another text is another statement. */
  textOf(slug: string, text: string): string {
    const edition = this.#editions.get(slug);
    return edition === undefined ? text : `${text} /* ${edition} */`;
  }

  /** Does work on a namespace, and again when its tables were changed meanwhile. */
  async use<T>(slug: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const edition = this.#editions.get(slug);
      try {
        return await work();
      } catch (error) {
        if (attempt === ATTEMPTS || !(isOutdated(error) || isRefused(error))) throw error;
        // Many find out at the same time, and one new edition is enough.
        if (isOutdated(error) && this.#editions.get(slug) === edition) this.#editions.set(slug, (edition ?? 0) + 1);
        if (isRefused(error) && attempt > 1) await this.#renewRole(slug);
      }
    }
  }
}
