import { serviceProblemOf } from "@kombify/portal/service-error";
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { handOverPage } from "./hand-over-page.ts";

/** Somebody who reloaded or typed the address: the ticket was for once, the button is on the card. */
export const loader = (_: LoaderFunctionArgs) => redirect("/homelab");

/**
 * Opens the homelab. The answer is a page that posts the ticket to the Stack, so that no token is ever in an address; a
 * refusal leads back to the card, which says why.
 */
export async function action({ request, context }: ActionFunctionArgs): Promise<Response> {
  const slug = String((await request.formData()).get("tenant") ?? "");
  try {
    const launch = await context.api.tenants.launch(slug === "" ? {} : { tenantId: slug });
    return handOverPage({ redirectUrl: launch.redirectUrl, ticket: launch.ticket, nonce: context.nonce });
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null) throw error;
    if (problem.status === 401) return redirect("/login?next=%2Fhomelab");
    context.log.info({ code: problem.code, slug }, "launch refused");
    const query = new URLSearchParams({ ...(slug ? { tenant: slug } : {}), launch: refusalOf(problem.code) });
    return redirect(`/homelab?${query}`);
  }
}

/** The word in the address by which the card knows what to say. */
function refusalOf(code: string): string {
  if (code === "PRECONDITION") return "not-ready";
  if (code === "LIMIT_REACHED") return "too-often";
  if (code === "NOT_FOUND" || code === "FORBIDDEN") return "not-yours";
  return "no-answer";
}
