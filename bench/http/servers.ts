/** The processes that the requests go to, on one database, and the load generator. */
import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { buildPortals } from "../../scripts/start/portals.ts";
import type { Cluster, ControlDatabase } from "../cluster.ts";
import { type Child, startChild } from "../processes.ts";
import type { LoadOrder, LoadRequest, LoadResult } from "./load.ts";

const CONNECTIONS = 64;
const CLOUD_START_MS = 30_000;
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export type Servers = {
  productUrl: string;
  handWrittenUrl: string;
  cloudUrl: string;
  /** Sends requests for a while over {@link CONNECTIONS} connections. @throws Error when any was not answered with 200. */
  drive(origin: string, requests: LoadRequest[], durationMs: number): Promise<LoadResult>;
  stop(): Promise<void>;
};

/**
 * A login for the hand-written server that is not slowed by anything: it reads sessions without a scope, which the
 * product's own login cannot, and takes the role of a tenant for the read itself.
 */
async function createHandWrittenLogin(ownerUrl: string): Promise<string> {
  const password = randomBytes(24).toString("hex");
  const sql = postgres(ownerUrl, { max: 1 });
  try {
    await sql.unsafe(`create role hand_written login noinherit bypassrls password '${password}'`);
    await sql.unsafe("grant kombify_tenant to hand_written");
    await sql.unsafe("grant usage on schema public to hand_written");
    await sql.unsafe("grant select on sessions, memberships, tenants to hand_written");
  } finally {
    await sql.end();
  }
  return Object.assign(new URL(ownerUrl), { username: "hand_written", password }).toString();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("The system gave no free port.");
  return address.port;
}

async function waitUntilReady(url: string, child: Child): Promise<void> {
  const endsAt = Date.now() + CLOUD_START_MS;
  while (
    !(await fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    child.assertRunning();
    if (Date.now() > endsAt) throw new Error(`The portal did not become ready within ${CLOUD_START_MS / 1000} s.`);
    await delay(100);
  }
}

/** The Cloud portal as `npm start` runs it. */
async function startCloud(env: Record<string, string>, logFolder: string): Promise<{ child: Child; url: string }> {
  const isBuilt = await access(pathOf("../../apps/cloud/build/server/index.js")).then(
    () => true,
    () => false,
  );
  if (!isBuilt) await buildPortals();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startChild(pathOf("../../apps/cloud/server.ts"), {
    name: "cloud",
    logFolder,
    env: {
      ...env,
      PORT: String(port),
      CLOUD_URL: url,
      ADMIN_URL: "http://localhost:3001",
      AGENT_API_URL: "https://localhost:3002",
    },
  });
  await waitUntilReady(url, child);
  return { child, url };
}

export type Load = Pick<Servers, "drive" | "stop">;

/** The load generator. */
export function startLoad(logFolder: string): Load {
  const load = startChild(pathOf("load-process.ts"), { name: "load", logFolder });
  return {
    async drive(origin, requests, durationMs) {
      load.send({ origin, requests, connections: CONNECTIONS, durationMs } satisfies LoadOrder);
      const result = await load.nextMessage<LoadResult>();
      if (result.failures > 0) throw new Error(`${result.failures} requests to ${origin} were not answered with 200.`);
      return result;
    },
    stop: () => load.stop(),
  };
}

/** Starts everything that is measured over HTTP. */
export async function startServers(cluster: Cluster, database: ControlDatabase): Promise<Servers> {
  const logFolder = cluster.folder;
  // What the processes of one control plane share.
  const env = { DATABASE_URL: database.webUrl, KOMBIFY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
  const children: Pick<Child, "stop">[] = [];
  const start = (module: string, name: string, env: Record<string, string> = {}): Child => {
    const child = startChild(pathOf(module), { name, logFolder, env });
    children.push(child);
    return child;
  };
  const stop = async () => void (await Promise.all(children.map((child) => child.stop())));
  try {
    const handWrittenLogin = await createHandWrittenLogin(database.ownerUrl);
    const productUrl = await start("product.ts", "product", env).nextMessage<string>();
    const handWritten = start("hand-written.ts", "hand-written", { DATABASE_URL: handWrittenLogin });
    const handWrittenUrl = await handWritten.nextMessage<string>();
    const cloud = await startCloud(env, logFolder);
    children.push(cloud.child);
    const load = startLoad(logFolder);
    children.push(load);
    return {
      productUrl,
      handWrittenUrl,
      cloudUrl: cloud.url,
      drive: load.drive,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
