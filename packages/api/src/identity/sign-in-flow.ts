/**
 * A sign-in on its way: what a browser carries to the provider and back in a sealed cookie. State and verifier are in
 * that browser alone, so that nobody can be signed in with an address that somebody else made (log-in CSRF).
 */
import { z } from "zod";
import type { Capabilities, UserContext } from "../context.ts";
import type { ProviderIdentity } from "./provider-claims.ts";
import { clearCookie, openCookie, sealCookie } from "./sealed-cookie.ts";
import { SignInRefusal } from "./sign-in-refusal.ts";

const COOKIE = { name: "kombify_oidc", seconds: 600 };

const flowSchema = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  /** The person who connects the provider to their account; absent for somebody who signs in. */
  connectTo: z.string().optional(),
});
export type SignInFlow = z.infer<typeof flowSchema>;

/**
 * Begins a sign-in.
 * @returns where to send the browser, and the cookie that goes with it.
 * @throws SignInRefusal
 */
export async function beginSignIn(
  can: Capabilities,
  asked: { provider: string; next: string; connectTo?: string },
): Promise<{ address: string; cookie: string }> {
  const provider = can.oidc.find(asked.provider);
  const { address, checks } = await can.oidc.begin(provider);
  return { address, cookie: await sealCookie(can, COOKIE, { ...asked, ...checks } satisfies SignInFlow) };
}

/** What this browser set out with. */
export async function flowOf(can: Capabilities, cookieHeader: string | null): Promise<SignInFlow | null> {
  return flowSchema.safeParse(await openCookie(can, COOKIE, cookieHeader)).data ?? null;
}

/** The cookie's end: it is good for one answer, whatever becomes of that. */
export const endFlow = (can: Capabilities): string => clearCookie(can, COOKIE);

/** @throws SignInRefusal when this browser did not set out, or the answer is not to be believed. */
export async function completeSignIn(
  can: Capabilities,
  flow: SignInFlow | null,
  callback: URL,
): Promise<ProviderIdentity> {
  // Looked at before the provider is asked anything: an answer to somebody else's question costs nobody anything.
  if (!flow || callback.searchParams.get("state") !== flow.state)
    throw new SignInRefusal("expired", "FORBIDDEN", "This sign-in was not begun in this browser, or too long ago.");
  return can.oidc.complete(can.oidc.find(flow.provider), callback, flow);
}

/**
 * Sends a signed-in person to a provider to connect it to their account. Only a page of our own may ask for it: with
 * an address that anybody can link to, somebody could have their own account connected to another person's.
 * @returns where to send the browser.
 */
export async function connectProvider(
  ctx: UserContext & { responseHeaders: Headers },
  input: { provider: string },
): Promise<{ continueAt: string }> {
  const asked = { ...input, next: "/settings/connections", connectTo: ctx.session.user.id };
  const { address, cookie } = await beginSignIn(ctx.can, asked);
  ctx.responseHeaders.append("Set-Cookie", cookie);
  return { continueAt: address };
}
