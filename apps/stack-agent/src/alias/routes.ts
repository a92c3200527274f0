/** The API that old clients know, and nothing of PocketBase besides: four collections, their files, their events. */
import { ServiceError } from "@kombify/agent-contract";
import { createShell, type Logger, type Shell, type ShellEnv } from "@kombify/server";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { DEFAULT_SLUG } from "../legacy/four.ts";
import { AGENT_VERSION } from "../version.ts";
import type { AliasContext, createForward } from "./forward.ts";
import { refusal } from "./refusal.ts";
import type { Standing } from "./standing.ts";
import { assertOwnPeople } from "./tokens.ts";
import type { Usage } from "./usage.ts";
import type { Reachable, Vocabulary } from "./vocabulary.ts";

/** PocketBase has limits of its own, for each collection; these keep a body from filling our memory or the disk. */
const LIMIT = { maxBytes: 512 * 1024 * 1024, maxJsonBytes: 32 * 1024 * 1024, maxDepth: 64 };
const AUTH_ACTIONS = [
  "auth-methods",
  "auth-with-password",
  "auth-with-oauth2",
  "auth-with-otp",
  "auth-refresh",
  "request-otp",
  "request-password-reset",
  "confirm-password-reset",
  "request-verification",
  "confirm-verification",
  "request-email-change",
  "confirm-email-change",
] as const;
const WRITES = new Set(["POST", "PATCH", "PUT", "DELETE"]);

export type AliasParts = {
  log: Logger;
  isProduction: boolean;
  standing: Standing;
  forward: ReturnType<typeof createForward>;
  usage: Usage;
  count(kind: string): void;
  /** Carries out a write of a tenant when the tenant is not paused. */
  duringWrite<T>(slug: string, write: () => Promise<T>): Promise<T>;
  /** Told of collections that were written to. */
  onWrite(about: readonly Reachable[]): void;
  check(): Promise<string | undefined>;
};

const missing = (): ServiceError => new ServiceError("NOT_FOUND", "Missing collection context.");

export function createAliasShell(parts: AliasParts): Shell {
  const { log, isProduction, standing, forward, usage } = parts;
  const shell = createShell({
    name: "alias",
    version: AGENT_VERSION,
    log,
    checks: { pocketbase: parts.check },
    exposeMetrics: !isProduction,
    bodyLimit: (path) => (path.startsWith("/api/") ? LIMIT : undefined),
  });
  const app = new Hono<ShellEnv>();
  app.onError((error, c) => refusal(error, c as AliasContext));
  app.use(cors({ origin: "*", allowMethods: ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] }));

  type Handler = (c: AliasContext, words: Vocabulary) => Promise<Response>;
  /** Everybody is counted; only people of the old Stack go on, and a write waits while its tenant is paused. */
  const serve =
    (kind: string, handle: Handler) =>
    async (c: AliasContext): Promise<Response> => {
      parts.count(kind);
      usage.count(kind, c.req.header("user-agent") ?? "");
      const { words } = await standing.open();
      assertOwnPeople([c.req.header("authorization"), c.req.query("token")], words.find("users")?.known.id);
      const isWrite = WRITES.has(c.req.method) && kind !== "realtime";
      const answer = await (isWrite ? parts.duringWrite(DEFAULT_SLUG, () => handle(c, words)) : handle(c, words));
      // Pages of the old Stack show files of another origin: ours.
      answer.headers.set("cross-origin-resource-policy", "cross-origin");
      return answer;
    };
  const reachable = (c: AliasContext, words: Vocabulary): Reachable => {
    const of = words.find(c.req.param("collection") ?? "");
    if (!of) throw missing();
    return of;
  };
  const records: Handler = async (c, words) => {
    const of = reachable(c, words);
    const answer = await forward.records(c, of, words, c.req.param("id"));
    if (WRITES.has(c.req.method) && answer.ok) parts.onWrite([of]);
    return answer;
  };

  app.get(
    "/api/health",
    serve("health", (c) => forward.plain(c)),
  );
  app.on(["GET", "POST"], "/api/collections/:collection/records", serve("records", records));
  app.on(["GET", "PATCH", "DELETE"], "/api/collections/:collection/records/:id", serve("records", records));
  for (const action of AUTH_ACTIONS)
    app.on(
      action === "auth-methods" ? ["GET"] : ["POST"],
      `/api/collections/:collection/${action}`,
      serve("auth", async (c, words) => {
        const of = reachable(c, words);
        if (of.collection !== "users") throw missing();
        const answer = await forward.auth(c, of, words, action);
        // Logging in with a provider may make a person.
        if (action !== "auth-methods" && answer.ok) parts.onWrite([of]);
        return answer;
      }),
    );
  app.post(
    "/api/files/token",
    serve("files", (c) => forward.plain(c)),
  );
  app.get(
    "/api/files/:collection/:id/:name",
    serve("files", (c, words) =>
      forward.file(c, reachable(c, words), c.req.param("id") ?? "", c.req.param("name") ?? ""),
    ),
  );
  app.get(
    "/api/realtime",
    serve("realtime", (c, words) => forward.events(c, words)),
  );
  app.post(
    "/api/realtime",
    serve("realtime", (c, words) => forward.subscribe(c, words)),
  );
  app.on(
    ["GET", "POST"],
    "/api/oauth2-redirect",
    serve("auth", (c) => forward.plain(c)),
  );
  app.post(
    "/api/batch",
    serve("batch", async (c, words) => {
      let about: readonly Reachable[] = [];
      const answer = await forward.batch(c, words, (found) => {
        about = found;
      });
      if (answer.ok) parts.onWrite(about);
      return answer;
    }),
  );
  app.all("/api/*", () => {
    throw new ServiceError("NOT_FOUND", "The requested resource wasn't found.");
  });
  shell.app.route("/", app as never);
  return shell;
}
