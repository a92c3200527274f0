import { pageAnswer } from "@kombify/portal/service-error";
import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

/** The short address of a homelab leads to its card; for anybody else there is nothing there. */
export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { slug } = await pageAnswer(request, context.requestId, context.api.tenants.get({ slug: params.slug ?? "" }));
  return redirect(`/homelab?tenant=${slug}`);
}
