/** When an instance counts as connected. The server's clock judges; an agent's clock is never asked. */
import type { Connection } from "./schemas.ts";

/** Silence after which no new tenant is placed, and after which staff are told. Milliseconds. */
export const STALE_AFTER_MS = 45_000;
export const OFFLINE_AFTER_MS = 120_000;
/** Good heartbeats in a row that bring an instance back. */
const BEATS_TO_RECOVER = 3;

/** State after one more good heartbeat. */
export function connectionAfterBeat(before: { connection: Connection; goodBeats: number }): {
  connection: Connection;
  goodBeats: number;
} {
  const goodBeats = before.goodBeats + 1;
  const isAway = before.connection === "stale" || before.connection === "offline";
  return isAway && goodBeats < BEATS_TO_RECOVER
    ? { connection: before.connection, goodBeats }
    : { connection: "connected", goodBeats };
}
