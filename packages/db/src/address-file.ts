/** An address that may change while the process runs: the file that holds it, and following it. */
import { open, readFile, rename } from "node:fs/promises";

const LOOK_MS = 1_000;

/** The address in a file. @throws Error when there is none, without repeating what is there instead. */
export async function readAddress(file: string): Promise<string> {
  const text = (await readFile(file, "utf8")).trim();
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol))
    throw new Error(`${file} has to hold one postgres:// address and nothing else.`);
  return text;
}

/** Writes an address into a file that only its owner may read, whole or not at all, also when the machine stops. */
export async function writeAddress(file: string, url: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(`${url}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/**
 * Looks at the file every second: it may be a link that somebody else exchanges, of which no watcher hears. When it names
 * another address than before, `move` is called, and again later if that fails.
 * @returns stops looking, and resolves when no move is under way any more.
 */
export function followAddress(options: {
  file: string;
  current: string;
  move(url: string): Promise<void>;
  /** Told once for each failure that is new. */
  onError(error: unknown): void;
}): () => Promise<void> {
  let { current } = options;
  let lastError = "";
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const url = await readAddress(options.file);
      if (url !== current) await options.move(url);
      current = url;
      lastError = "";
    } catch (error) {
      if (String(error) !== lastError) options.onError(error);
      lastError = String(error);
    }
  }
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, LOOK_MS).unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
