import { pageAnswer } from "@kombify/portal/service-error";
import { PageHeader } from "@kombify/ui";
import { Anchor } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { requireOperator } from "../../frame/staff.ts";
import { saveSegment } from "./save-segment.ts";
import { SegmentForm } from "./segment-form.tsx";

export const meta: MetaFunction = () => [{ title: "New segment · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  await requireOperator(request, requestId, api.identity.staffMe());
  const { items } = await pageAnswer(request, requestId, api.flags.segments());
  return { segments: items.map(({ key }) => key) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const saved = await saveSegment(request, await request.formData(), context, undefined);
  return "key" in saved ? redirect(`/flags/segments/${saved.key}`) : saved;
}

export default function NewSegment() {
  const { segments } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/flags/segments" size="sm">
            Segments
          </Anchor>
        }
        title="New segment"
        description="A condition with a name, for several flags to share."
      />
      <SegmentForm segment={null} value={null} json={undefined} otherWay={null} segments={segments} answer={answer} />
    </>
  );
}
