import { pageAnswer } from "@kombify/portal/service-error";
import { TwoStep } from "@kombify/portal/two-step";
import { actOnTwoStep } from "@kombify/portal/two-step-action";
import { PageHeader } from "@kombify/ui";
import { Anchor } from "@mantine/core";
import type { ActionFunctionArgs, HeadersFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";

export const meta: MetaFunction = () => [{ title: "Two-step sign-in · Settings · kombify" }];

/** The page's data, too, is kept nowhere: while two-step sign-in is being set up it holds the secret. */
export const headers: HeadersFunction = () => ({ "Cache-Control": "private, no-store" });

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { identity } = context.api;
  const [factor, enrolment] = await pageAnswer(
    request,
    context.requestId,
    Promise.all([identity.secondFactor(), identity.enrolment()]),
  );
  return { factor, enrolment };
}

export const action = ({ request, context }: ActionFunctionArgs) =>
  actOnTwoStep(context.api.identity, request, context.requestId);

export default function TwoStepSettings() {
  const state = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/settings/security" size="sm">
            Security
          </Anchor>
        }
        title="Two-step sign-in"
      />
      <TwoStep {...state} answer={useActionData<typeof action>()} />
    </>
  );
}
