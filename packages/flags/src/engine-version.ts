/**
 * What evaluates: a major version of it may put people into other buckets, so that every document says for which one it was
 * made. The version is pinned in pnpm-workspace.yaml.
 */
export const ENGINE_VERSION = "flagd-core@4.0.1";

/** Of what makes documents out of flags: raised when the same flags give another document. */
export const COMPILER_VERSION = 1;

const majorOf = (version: string): string | undefined => /^flagd-core@(\d+)\./.exec(version)?.[1];

/** Whether a document for that engine means here what it was promised to mean. */
export const isOurEngine = (version: string): boolean => majorOf(version) === majorOf(ENGINE_VERSION);
