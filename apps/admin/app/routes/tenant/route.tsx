import { idOf, pageAnswer } from "@kombify/portal/service-error";
import { LiveMark, PageHeader, StatusPill, StepList } from "@kombify/ui";
import { Anchor, Stack } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section, Sections } from "../../frame/section.tsx";
import { AuditTable } from "../../lists/audit-table.tsx";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { tenantSteps } from "../../tenants/tenant-steps.ts";
import { HostError } from "./host-error.tsx";
import { TenantFacts } from "./tenant-facts.tsx";
import { TenantMembers } from "./tenant-members.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.tenant.name ?? "Tenant"} · kombify Admin` },
];

const AUDIT_SHOWN = 10;

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const id = idOf(params);
  const tenant = await pageAnswer(request, requestId, api.tenants.inspect({ id }));
  const audit = await pageAnswer(request, requestId, api.audit.list({ tenantId: id, limit: AUDIT_SHOWN }));
  return { tenant, audit: audit.items };
}

export default function Tenant() {
  const { tenant, audit } = useLoaderData<typeof loader>();
  const live = useFleetLive();
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/tenants" size="sm">
            Tenants
          </Anchor>
        }
        title={tenant.name}
        marks={
          <>
            <StatusPill state={tenant.status} />
            {tenant.quarantinedAt ? <StatusPill state="quarantined" /> : null}
            <LiveMark state={live} />
          </>
        }
      />
      <Stack gap="md">
        <HostError tenant={tenant} />
        <Sections as="halves">
          <Section title="Set-up">
            <StepList steps={tenantSteps(tenant)} label="Steps of the set-up" />
          </Section>
          <Section title="Facts">
            <TenantFacts tenant={tenant} />
          </Section>
        </Sections>
        <Section title="Members">
          <TenantMembers members={tenant.members} />
        </Section>
        <Section
          title="Recent activity"
          aside={
            <Anchor component={PortalLink} href={`/audit?tenant=${tenant.id}`} size="sm">
              All of its audit trail
            </Anchor>
          }
        >
          <AuditTable events={audit} isOfOneTenant />
        </Section>
      </Stack>
    </>
  );
}
