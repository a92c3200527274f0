import { whenSignedIn } from "@kombify/portal/service-error";
import { type ActionFunctionArgs, redirect } from "@remix-run/node";

/** Somebody who typed the address; signing out itself is a form. */
export const loader = () => redirect("/");

export async function action({ context }: ActionFunctionArgs) {
  const ended = await whenSignedIn(context.api.identity.logout());
  // Somebody who came from a provider is signed out there as well; it sends the browser back to "/".
  return redirect(ended?.continueAt ?? "/");
}
