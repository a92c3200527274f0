import { pageAnswer } from "@kombify/portal/service-error";
import { TwoStep } from "@kombify/portal/two-step";
import { actOnTwoStep } from "@kombify/portal/two-step-action";
import type { ActionFunctionArgs, HeadersFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { SettingsFrame } from "../../settings/settings-frame.tsx";

export const meta: MetaFunction = () => [{ title: "Your two-step sign-in · kombify Admin" }];

/** The page's data, too, is kept nowhere: while two-step sign-in is being set up it holds the secret. */
export const headers: HeadersFunction = () => ({ "Cache-Control": "private, no-store" });

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { identity } = context.api;
  await pageAnswer(request, context.requestId, identity.staffMe());
  const [factor, enrolment] = await pageAnswer(
    request,
    context.requestId,
    Promise.all([identity.secondFactor(), identity.enrolment()]),
  );
  return { factor, enrolment };
}

export const action = ({ request, context }: ActionFunctionArgs) =>
  actOnTwoStep(context.api.identity, request, context.requestId);

export default function StaffSecurity() {
  const state = useLoaderData<typeof loader>();
  // Live pages load their data anew, and the recovery codes must not go with that.
  const answer = useLastAnswer(useActionData<typeof action>());
  return (
    <SettingsFrame description="It counts in both portals.">
      <div style={{ maxWidth: 640 }}>
        <TwoStep {...state} answer={answer} />
      </div>
    </SettingsFrame>
  );
}
