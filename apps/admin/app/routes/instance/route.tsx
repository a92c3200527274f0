import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { idOf, pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary, LiveMark, PageHeader, StatusPill } from "@kombify/ui";
import { Alert, Anchor, Stack, Text } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { IconCircleCheck } from "@tabler/icons-react";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section, Sections } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { CordonButton } from "./cordon-button.tsx";
import { InstanceFacts } from "./instance-facts.tsx";
import { InstanceCertificates, InstanceEvents } from "./instance-history.tsx";
import { InstanceTenants } from "./instance-tenants.tsx";
import { Joining } from "./joining.tsx";
import { operate } from "./operate.ts";
import { OutOfService } from "./out-of-service.tsx";
import { UpgradeProgress } from "./upgrade-progress.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.instance.name ?? "Instance"} · kombify Admin` },
];

const TENANTS_SHOWN = 10;

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const id = idOf(params);
  const instance = await pageAnswer(request, requestId, api.instances.get({ id }));
  const tenants = await pageAnswer(request, requestId, api.tenants.search({ instanceId: id, limit: TENANTS_SHOWN }));
  return { instance, tenants };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await operate(context.api, idOf(params), values);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Instance() {
  const { instance, tenants } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const live = useFleetLive();
  const mayOperate = useMayOperate();
  const done = answer && "done" in answer ? answer.done : null;
  const token = answer && "token" in answer ? answer.token : null;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/instances" size="sm">
            Instances
          </Anchor>
        }
        title={instance.name}
        marks={
          <>
            <StatusPill state={instance.connection} />
            {instance.cordonedAt ? <StatusPill state="cordoned" /> : null}
            <LiveMark state={live} />
          </>
        }
        actions={mayOperate ? <CordonButton isCordoned={instance.cordonedAt !== null} /> : null}
      />
      <Stack gap="md">
        <FormErrorSummary message={problem?.fields[0]?.message ?? problem?.message} requestId={problem?.requestId} />
        {done ? (
          <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
            {done}
          </Alert>
        ) : null}
        <Joining instance={instance} token={token} mayOperate={mayOperate} />
        <UpgradeProgress instance={instance} />
        <Section title="State">
          <InstanceFacts instance={instance} />
        </Section>
        <Section
          title="Tenants here"
          aside={
            tenants.total > 0 ? (
              <Anchor component={PortalLink} href={`/tenants?instance=${instance.id}`} size="sm">
                All {tenants.total.toLocaleString("en")}
              </Anchor>
            ) : null
          }
        >
          <InstanceTenants tenants={tenants.items} />
        </Section>
        <Sections as="halves">
          <Section
            title="What happened"
            aside={
              <Text size="sm" c="dimmed">
                Last 50 events
              </Text>
            }
          >
            <InstanceEvents events={instance.events} />
          </Section>
          <Section title="Certificates">
            <InstanceCertificates certificates={instance.certificates} />
          </Section>
        </Sections>
        {mayOperate ? <OutOfService instance={instance} /> : null}
      </Stack>
    </>
  );
}
