/**
 * The addresses at which browsers leave for a provider and come back, and the one that providers call. They answer with
 * redirects and forms and are therefore no procedures. A refusal becomes a word in the address of the log-in page; what a
 * provider wrote is never shown, logged or passed on.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { BaseContext, VerbContext } from "../context.ts";
import { addConnection } from "../identity/connections.ts";
import { endProviderSessions } from "../identity/end-provider-sessions.ts";
import { CALLBACK_PATH } from "../identity/oidc.ts";
import { ownPath } from "../identity/own-path.ts";
import type { SignInRefusalReason } from "../identity/schemas.ts";
import { beginSignIn, completeSignIn, endFlow, flowOf, type SignInFlow } from "../identity/sign-in-flow.ts";
import { SignInRefusal } from "../identity/sign-in-refusal.ts";
import { signInWithProvider } from "./sign-in-with-provider.ts";

const START_PATH = "/api/auth/oidc/start";
const BACKCHANNEL_PATH = "/api/auth/oidc/backchannel-logout";
const HOME = "/homelab";

/** Answers one of these addresses, or null when the path is another. */
export async function handleOidc(request: Request, contextOf: () => BaseContext): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const method = pathname === BACKCHANNEL_PATH ? "POST" : "GET";
  const handler = HANDLERS[pathname];
  if (!handler) return null;
  if (request.method !== method) throw new ServiceError("INVALID", `This path takes ${method}.`, { status: 405 });
  return handler(request, contextOf());
}

const HANDLERS: Record<string, (request: Request, ctx: BaseContext) => Promise<Response>> = {
  [START_PATH]: start,
  [CALLBACK_PATH]: callback,
  [BACKCHANNEL_PATH]: backchannelLogout,
};

/** A redirect that nothing remembers and that tells the next page nothing of this one's address. */
function redirect(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

const asSystem = (ctx: BaseContext): VerbContext => ({
  db: ctx.open({ kind: "system" }),
  actor: { kind: "system", id: null, name: "kombify" },
  request: ctx.request,
  can: ctx.can,
});

function reasonOf(error: unknown, { request }: BaseContext, provider: string | undefined): SignInRefusalReason {
  if (error instanceof SignInRefusal) {
    const level = error.reason === "misconfigured" ? "error" : error.code === "UPSTREAM" ? "warn" : "info";
    request.log[level]({ provider, reason: error.reason, detail: error.message }, "sign-in refused");
    return error.reason;
  }
  if (error instanceof ServiceError && error.code === "LIMIT_REACHED") return "too-often";
  request.log.error({ err: error, provider }, "sign-in failed");
  return "failed";
}

/** Back to where somebody can go on, with the word for what happened. */
function refuse(error: unknown, ctx: BaseContext, flow: Partial<SignInFlow>): Response {
  const query = new URLSearchParams({ problem: reasonOf(error, ctx, flow.provider) });
  if (ctx.can.oidc.providers.some(({ id }) => id === flow.provider)) query.set("provider", flow.provider ?? "");
  if (flow.connectTo) return redirect(`/settings/connections?${query}`, [endFlow(ctx.can)]);
  if (flow.next && flow.next !== HOME) query.set("next", flow.next);
  return redirect(`/login?${query}`, [endFlow(ctx.can)]);
}

async function start(request: Request, ctx: BaseContext): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const flow = { provider: searchParams.get("provider") ?? "", next: ownPath(searchParams.get("next"), HOME) };
  try {
    const { address, cookie } = await beginSignIn(ctx.can, flow);
    return redirect(address, [cookie]);
  } catch (error) {
    return refuse(error, ctx, flow);
  }
}

async function callback(request: Request, ctx: BaseContext): Promise<Response> {
  const flow = await flowOf(ctx.can, request.headers.get("cookie"));
  try {
    await ctx.can.throttle.consume("register", `oidc ${ctx.request.clientAddress}`);
    const identity = await completeSignIn(ctx.can, flow, new URL(request.url));
    if (flow?.connectTo) {
      // The session may have ended, or become another person's, while the browser was away.
      const session = ctx.sessionToken ? await ctx.can.sessions.validate(ctx.sessionToken) : null;
      if (session?.user.id !== flow.connectTo)
        throw new SignInRefusal("signed-out", "FORBIDDEN", "Sign in again before you connect a provider.");
      await addConnection(asSystem(ctx), session.user, identity);
      return redirect(`${flow.next}?connected=${flow.provider}`, [endFlow(ctx.can)]);
    }
    const { newSlug } = await signInWithProvider({ ...asSystem(ctx), responseHeaders: ctx.responseHeaders }, identity);
    const next = newSlug ? `/welcome?tenant=${newSlug}` : (flow?.next ?? HOME);
    return redirect(next, [...ctx.responseHeaders.getSetCookie(), endFlow(ctx.can)]);
  } catch (error) {
    return refuse(error, ctx, flow ?? {});
  }
}

/** OpenID Connect Back-Channel Logout 1.0, 2.8: 200, or 400 with the error; never kept. */
async function backchannelLogout(request: Request, ctx: BaseContext): Promise<Response> {
  const headers = { "cache-control": "no-store" };
  const refused = (description: string) =>
    Response.json({ error: "invalid_request", error_description: description }, { status: 400, headers });
  if (!(request.headers.get("content-type") ?? "").startsWith("application/x-www-form-urlencoded"))
    return refused("Send a form with logout_token.");
  const token = new URLSearchParams(await request.text()).get("logout_token");
  if (!token) return refused("There is no logout_token.");
  try {
    const sessions = await endProviderSessions(asSystem(ctx), token);
    ctx.request.log.info({ sessions }, "signed out by a provider");
    return new Response(null, { status: 200, headers });
  } catch (error) {
    if (error instanceof ServiceError && error.code === "INVALID") return refused(error.message);
    throw error;
  }
}
