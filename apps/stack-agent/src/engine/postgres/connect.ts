import postgres, { type Sql } from "postgres";

/** Seconds after which a connection is replaced: what it keeps of namespaces that nobody visits any more goes with it. */
export const LIFETIME_S = 600;

export type ConnectOptions = { max: number; lifetimeS?: number; settings?: Record<string, string | number> };

/** Connections as the agent's own login, opened when they are needed. */
export const connect = (url: string, { max, lifetimeS = LIFETIME_S, settings = {} }: ConnectOptions): Sql =>
  postgres(url, {
    max,
    onnotice: () => undefined,
    connect_timeout: 10,
    max_lifetime: lifetimeS,
    connection: { application_name: "kombify stack-agent", search_path: "", ...settings },
  });
