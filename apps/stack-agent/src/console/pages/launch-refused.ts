import type { DesiredState } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
export type LaunchProblem = "foreign-origin" | "used-ticket";
export const refuseLaunch = (document: () => DesiredState | null) => (c: Context<ShellEnv>, problem: LaunchProblem) =>
  c.html(`${problem} ${document()?.portalOrigin}`, 403);
