import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";

/** The port, if it can be bound on 127.0.0.1; for 0 one that is free now. Null when it is taken. */
async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  server.listen({ port, host: "127.0.0.1", exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return null;
    throw error;
  }
  const bound = (server.address() as AddressInfo).port;
  server.close();
  await once(server, "close");
  return bound;
}

async function remembered(file: string): Promise<number> {
  try {
    const port = Number(await readFile(file, "utf8"));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

/**
 * The port for a server: the one asked for, else the one it had last time, else a free one, which is remembered.
 * @param server whose port it is, for the message.
 * @throws Error when the port asked for is taken.
 */
export async function choosePort(file: string, asked: number | undefined, server = "PostgreSQL"): Promise<number> {
  if (asked) {
    if (await tryPort(asked)) return asked;
    throw new Error(`Port ${asked}, asked for ${server}, is taken by another process. Choose another port.`);
  }
  const port = (await tryPort(await remembered(file))) ?? (await tryPort(0));
  if (!port) throw new Error("No free port was found on 127.0.0.1.");
  await writeFile(file, String(port), { mode: 0o600 });
  return port;
}
