import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { whenSignedIn } from "../../service-error.ts";

/** Somebody who typed the address; signing out itself is a form. */
export const loader = () => redirect("/");

export async function action({ context }: ActionFunctionArgs) {
  await whenSignedIn(context.api.identity.staffLogout());
  return redirect("/login");
}
