import { whenSignedIn } from "@kombify/portal/service-error";
import { type ActionFunctionArgs, redirect } from "@remix-run/node";

/** Somebody who typed the address; signing out itself is a form. */
export const loader = () => redirect("/");

export async function action({ context }: ActionFunctionArgs) {
  await whenSignedIn(context.api.identity.staffLogout());
  return redirect("/login");
}
