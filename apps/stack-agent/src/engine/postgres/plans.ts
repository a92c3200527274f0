import postgres from "postgres";

/** Tables can be changed again while work on them is tried again. */
const ATTEMPTS = 5;

/**
 * Whether an error may come from tables having changed under way. A statement that a connection has prepared outlives the
 * tables that it was prepared for, and PostgreSQL refuses it when the result has other types
 * (https://www.postgresql.org/docs/current/sql-prepare.html) or a parameter no longer compares (undefined_function,
 * datatype_mismatch). A transaction that waited for the tables while they were replaced has the role of the former ones
 * (insufficient_privilege).
 */
const isOutdated = (error: unknown): boolean =>
  error instanceof postgres.PostgresError &&
  ((error.code === "0A000" && error.routine === "RevalidateCachedQuery") ||
    ["42883", "42804", "42501"].includes(error.code));

/** Knows which prepared statements still fit the tables that they are about. */
export class Plans {
  readonly #editions = new Map<string, number>();

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
        if (!isOutdated(error) || attempt === ATTEMPTS) throw error;
        // Many find out at the same time, and one new edition is enough.
        if (this.#editions.get(slug) === edition) this.#editions.set(slug, (edition ?? 0) + 1);
      }
    }
  }
}
