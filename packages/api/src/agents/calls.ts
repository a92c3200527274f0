/** Calling an agent's internal listener over mTLS. The other side is known by its SPIFFE id, not by its host name. */
import { Readable } from "node:stream";
import {
  appliedFlagsSchema,
  exchangeResponseSchema,
  peerOfCertificate,
  problemSchema,
  ServiceError,
} from "@kombify/agent-contract";
import { Agent, request } from "undici";
import type { AgentCalls } from "../context.ts";
import { refusalOfFlags } from "./refusal-of-flags.ts";
import type { ServiceIdentity } from "./service-identity.ts";

const TIMEOUT_MS = 5_000;
/** Response headers that mean something to the caller of a passed-on request. */
const PASSED_BACK = ["content-type", "cache-control", "etag", "location", "retry-after"];

function tlsOf(identity: ServiceIdentity): { key: string; cert: string; ca: string[] } {
  const { key, cert, ca } = identity.current();
  return { key, cert, ca };
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** @param identity of this process; each renewal is used from the next connection on. */
export function createAgentCalls(identity: ServiceIdentity): AgentCalls & { close(): Promise<void> } {
  const dispatchers = new Map<string, Agent>();
  const dispatcherFor = (instanceId: string): Agent => {
    const known = dispatchers.get(instanceId);
    if (known) return known;
    const agent = new Agent({
      connect: {
        ...tlsOf(identity),
        minVersion: "TLSv1.3",
        timeout: TIMEOUT_MS,
        // A resumed session skips the check below, and the end of the host's certificate.
        maxCachedSessions: 0,
        checkServerIdentity: (_host, certificate) => {
          const peer = peerOfCertificate(certificate);
          return peer?.kind === "instance" && peer.instanceId === instanceId
            ? undefined
            : new Error(`the host is not instance ${instanceId}`);
        },
      },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      keepAliveTimeout: 30_000,
    });
    dispatchers.set(instanceId, agent);
    return agent;
  };
  const closeAll = async () => {
    const closing = [...dispatchers.values()];
    dispatchers.clear();
    await Promise.all(closing.map((agent) => agent.close()));
  };
  identity.onRenewed(() => void closeAll());

  const away = (cause: unknown) =>
    new ServiceError(
      "UPSTREAM",
      "The host of your homelab does not answer right now. Your data is safe; try again in a moment.",
      { cause },
    );

  return {
    async exchange(instance, assertion) {
      const answer = await request(new URL("/api/internal/sso/exchange", instance.internalUrl), {
        method: "POST",
        dispatcher: dispatcherFor(instance.id),
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ assertion }),
      })
        .then(async ({ statusCode, body }) => ({ statusCode, json: (await body.json()) as unknown }))
        .catch((cause: unknown) => {
          throw away(cause);
        });
      if (answer.statusCode === 200) return exchangeResponseSchema.parse(answer.json);
      const problem = problemSchema.safeParse(answer.json);
      // What the agent says of the assertion is between the two of us; a person can do nothing with it.
      if (!problem.success || problem.data.code === "INVALID") throw away(answer);
      throw new ServiceError(problem.data.code, problem.data.detail, { status: problem.data.status });
    },
    async applyFlags(instance, tenantId, flags) {
      const answer = await request(new URL("/api/internal/feature-flags/apply", instance.internalUrl), {
        method: "POST",
        dispatcher: dispatcherFor(instance.id),
        headers: { "content-type": "application/json", "x-tenant-id": tenantId },
        body: JSON.stringify(flags),
      })
        .then(async ({ statusCode, body }) => ({ statusCode, text: await body.text() }))
        .catch((cause: unknown) => {
          throw new ServiceError(
            "UPSTREAM",
            "The host does not answer right now. It pulls its flags when it is back.",
            {
              cause,
            },
          );
        });
      const json = parseJson(answer.text);
      const applied = appliedFlagsSchema.safeParse(json);
      if (answer.statusCode === 200 && applied.success) return applied.data;
      throw new ServiceError("UPSTREAM", refusalOfFlags(answer.statusCode, json), { cause: answer });
    },
    async forward(instance, { method, path, headers, body }) {
      const answer = await request(new URL(path, instance.internalUrl), {
        method,
        dispatcher: dispatcherFor(instance.id),
        headers,
        body: body ?? null,
      }).catch((cause: unknown) => {
        throw away(cause);
      });
      const passed = new Headers();
      for (const name of PASSED_BACK) {
        const value = answer.headers[name];
        if (typeof value === "string") passed.set(name, value);
      }
      const hasBody = answer.statusCode !== 204 && answer.statusCode !== 304;
      if (!hasBody) await answer.body.dump();
      return new Response(hasBody ? (Readable.toWeb(answer.body) as ReadableStream<Uint8Array>) : null, {
        status: answer.statusCode,
        headers: passed,
      });
    },
    close: closeAll,
  };
}
