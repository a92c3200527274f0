import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const failed = once(server, "error").then(() => false);
  const bound = once(server, "listening").then(() => true);
  server.listen(port);
  const answer = await Promise.race([bound, failed]);
  server.close();
  return answer;
}

/**
 * Different ports that nobody uses. Below the range from which systems take ports for outgoing connections, so that
 * they stay free while everything is stopped and started again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}
