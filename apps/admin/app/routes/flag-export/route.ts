/** All flags as a flagd flag-definition file, to keep or to take somewhere else. */
import { pageAnswer } from "@kombify/portal/service-error";
import type { LoaderFunctionArgs } from "@remix-run/node";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const file = await pageAnswer(request, context.requestId, context.api.flags.exportFile());
  return new Response(`${JSON.stringify(file, null, 2)}\n`, {
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-disposition": 'attachment; filename="flags.flagd.json"',
    },
  });
}
