/** A whole agent in the test's own process, joined to a control plane double, on a database of its own. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExchangeResponse } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import { type RequestInit, fetch as undiciFetch } from "undici";
import { type RunningAgent, startAgent } from "../src/agent.ts";
import { type AgentConfig, readConfig } from "../src/config.ts";
import { type StoredIdentity, saveIdentity } from "../src/control-plane/identity-store.ts";
import { joinControlPlane } from "../src/control-plane/join.ts";
import {
  type ControlPlaneDouble,
  cloudDispatcher,
  PORTAL_ORIGIN,
  startControlPlaneDouble,
} from "./control-plane-double.ts";
import { createTestDatabase, type TestDatabase } from "./test-engine.ts";

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export type TestAgent = {
  controlPlane: ControlPlaneDouble;
  database: TestDatabase;
  config: AgentConfig;
  stored: StoredIdentity;
  home: string;
  url: string;
  /** Name of the cookie and its value, for signed-in requests. */
  signIn(assertion?: Promise<string>): Promise<string>;
  /** A call of one of our services to the internal listener. */
  internal(path: string, init?: RequestInit): Promise<Response>;
  exchange(assertion: string): Promise<{ status: number; body: ExchangeResponse & { detail: string } }>;
  redeem(ticket: string, headers?: Record<string, string>): Promise<Response>;
  running: RunningAgent;
  stop(): Promise<void>;
  start(): Promise<void>;
  drop(): Promise<void>;
};

export async function startTestAgent(options: { certificateLifeMs?: number } = {}): Promise<TestAgent> {
  const [controlPlane, database, home] = await Promise.all([
    startControlPlaneDouble(),
    createTestDatabase(),
    mkdtemp(join(tmpdir(), "kombify-agent-")),
  ]);
  if (options.certificateLifeMs) controlPlane.certificateLifeMs = options.certificateLifeMs;
  const [port, internalPort] = [await freePort(), await freePort()];
  const config = readConfig({
    KOMBIFY_AGENT_HOME: home,
    STACK_PORT: String(port),
    STACK_INTERNAL_PORT: String(internalPort),
    DATABASE_URL: database.url,
    CONTROL_PLANE_URL: controlPlane.url,
  });
  const settings = config.settings(null);
  const { publicUrl, internalUrl } = settings;
  const request = {
    token: controlPlane.joinToken,
    publicUrl,
    internalUrl,
    capacity: 10,
    engine: "postgres",
    agentVersion: "1",
  } as const;
  const identity = await joinControlPlane(controlPlane.url, request);
  const stored = { identity, settings, joinTokenHash: "" };
  await saveIdentity(home, stored);
  const dispatcher = await cloudDispatcher(controlPlane);
  const log = createLogger({ name: "agent", level: process.env.TEST_LOG_LEVEL ?? "silent" });
  let stops: Array<() => Promise<void>> = [];

  const agent: TestAgent = {
    controlPlane,
    database,
    config,
    stored,
    home,
    url: publicUrl,
    running: undefined as unknown as RunningAgent,
    internal: async (path, init) =>
      (await undiciFetch(`${internalUrl}${path}`, { ...init, dispatcher })) as unknown as Response,
    async exchange(assertion) {
      const body = JSON.stringify({ assertion });
      const headers = { "content-type": "application/json" };
      const answer = await agent.internal("/api/internal/sso/exchange", { method: "POST", headers, body });
      return { status: answer.status, body: (await answer.json()) as ExchangeResponse & { detail: string } };
    },
    redeem: (ticket, headers = {}) =>
      fetch(`${publicUrl}/sso/callback`, {
        method: "POST",
        redirect: "manual",
        headers: { origin: PORTAL_ORIGIN, ...headers },
        body: new URLSearchParams({ ticket }),
      }),
    async signIn(assertion = controlPlane.sign()) {
      const { body } = await agent.exchange(await assertion);
      const answer = await agent.redeem(body.ticket);
      return answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
      stops = [];
    },
    start: async () => {
      agent.running = await startAgent(config, stored, log, (stop) => void stops.push(stop));
    },
    drop: async () => {
      await agent.stop();
      await dispatcher.destroy();
      await controlPlane.stop();
      await database.drop();
      await rm(home, { recursive: true });
    },
  };
  await agent.start();
  return agent;
}

/** Publishes tenants and waits until the agent has them all ready. */
export async function openTenants(agent: TestAgent, tenants: ControlPlaneDouble["document"]["tenants"]): Promise<void> {
  const { controlPlane } = agent;
  controlPlane.publish({ tenants: [...controlPlane.document.tenants, ...tenants] });
  const { revision } = controlPlane.document;
  await controlPlane.reported((report) => report.appliedRevision >= revision);
}
