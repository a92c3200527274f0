/** A PocketBase for the whole run; tests start their own from it (see @kombify/embedded-pocketbase/testing). */
import { findPocketBase, PocketBaseMissing } from "@kombify/embedded-pocketbase";

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Where there is none, tests that need it are skipped; with CI=true the run fails. */
export default async function setup(): Promise<void> {
  try {
    process.env.POCKETBASE_BIN = await findPocketBase({ say });
  } catch (error) {
    if (!(error instanceof PocketBaseMissing) || process.env.CI === "true") throw error;
    say(`${error.message}\nTests that need PocketBase are skipped.`);
  }
}
