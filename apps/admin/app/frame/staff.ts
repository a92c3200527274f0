/** Who is signed in, and what their role lets them do. What is refused on the server is not offered on a page. */
import type { StaffView } from "@kombify/api/schemas";
import { pageAnswer, type RefusedPage } from "@kombify/portal/service-error";
import { data } from "@remix-run/node";
import { useRouteLoaderData } from "@remix-run/react";

/** Whether a role may change the fleet; the API's table of permissions says the same. */
export const mayOperate = (role: StaffView["role"]): boolean => role !== "viewer";

/** Whether the person who is signed in may change the fleet. */
export function useMayOperate(): boolean {
  const root = useRouteLoaderData<{ staff: StaffView | null }>("root");
  return root?.staff ? mayOperate(root.staff.role) : false;
}

/**
 * For pages whose every part is for operators.
 * @throws an error page with status 403, or a redirect to the sign-in page.
 */
export async function requireOperator(
  request: Request,
  requestId: string,
  me: Promise<{ staff: StaffView }>,
): Promise<void> {
  const { staff } = await pageAnswer(request, requestId, me);
  if (mayOperate(staff.role)) return;
  const message = `Your role (${staff.role}) lets you look at everything and change nothing. Ask an operator or an owner.`;
  throw data({ message, requestId } satisfies RefusedPage, { status: 403 });
}
