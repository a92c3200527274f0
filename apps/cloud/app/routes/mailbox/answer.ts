import { serviceProblemOf } from "@kombify/portal/service-error";
import { data } from "@remix-run/node";

/** The answer, or the page of an address that nothing has: where there is no mailbox, nothing says that there could be. */
export async function orNothingHere<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (serviceProblemOf(error)?.code === "UPSTREAM" || serviceProblemOf(error) === null) throw error;
    throw data(null, { status: 404 });
  }
}
