import type { DesiredState } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import type { LaunchProblem } from "../console/pages/outside.ts";
import type { Sessions } from "./sessions.ts";

type Parts = {
  sessions: Sessions;
  document: () => DesiredState | null;
  /** A page that says what happened and leads back to the portal. */
  refuse: (c: Context<ShellEnv>, problem: LaunchProblem) => Response | Promise<Response>;
};

/** A ticket is 43 characters; anything longer is not one. */
const MAX_TICKET_LENGTH = 200;

/**
 * `POST /sso/callback`: a form of the portal brings the ticket. Only the portal's origin may do so, or another site
 * could sign somebody in to an account that is not theirs.
 */
export function handleCallback({ sessions, document, refuse }: Parts) {
  return async (c: Context<ShellEnv>): Promise<Response> => {
    c.header("referrer-policy", "no-referrer");
    c.header("cache-control", "no-store");
    const portalOrigin = document()?.portalOrigin;
    if (!portalOrigin || c.req.header("origin") !== new URL(portalOrigin).origin) return refuse(c, "foreign-origin");
    const { ticket } = await c.req.parseBody();
    const isTicket = typeof ticket === "string" && ticket.length > 0 && ticket.length <= MAX_TICKET_LENGTH;
    if (!isTicket || !(await sessions.begin(c, ticket))) return refuse(c, "used-ticket");
    return c.redirect("/", 303);
  };
}
