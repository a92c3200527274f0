import type { StaffTenantDetailView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Anchor, Code } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Fact, Facts } from "../../frame/section.tsx";
import { revisionLag } from "../../instances/revision-lag.ts";
import { PLAN_NAMES } from "../../tenants/plan-names.ts";

/** What there is to know of a tenant. */
export function TenantFacts({ tenant }: { tenant: StaffTenantDetailView }) {
  const lag = revisionLag(tenant.desiredRevision, tenant.appliedRevision, tenant.appliedRevision > 0);
  return (
    <Facts>
      <Fact name="Address">
        <Code>{tenant.slug}</Code>
      </Fact>
      <Fact name="Owner">{tenant.ownerEmail ?? "Nobody"}</Fact>
      <Fact name="Plan">{PLAN_NAMES[tenant.plan]}</Fact>
      <Fact name="Instance">
        {tenant.instance ? (
          <Anchor component={PortalLink} href={`/instances/${tenant.instance.id}`} inherit>
            {tenant.instance.name}
          </Anchor>
        ) : (
          "None yet"
        )}
      </Fact>
      <Fact name="Its host has applied">
        {tenant.instance ? `${lag.text} (${lag.detail})` : "Nothing: it has no host yet"}
      </Fact>
      <Fact name="Collections">
        {tenant.namespaceVersion === null ? "Version not known yet" : `Version ${tenant.namespaceVersion}`}
      </Fact>
      <Fact name="Generation">{tenant.generation.toLocaleString("en")}</Fact>
      <Fact name="Signed up">
        <RelativeTime at={tenant.createdAt} />
      </Fact>
      <Fact name="Active since">
        {tenant.activatedAt ? <RelativeTime at={tenant.activatedAt} /> : "Not active yet"}
      </Fact>
      <Fact name="Organisation id">
        <Code>{tenant.orgId}</Code>
      </Fact>
      <Fact name="Tenant id">
        <Code>{tenant.id}</Code>
      </Fact>
    </Facts>
  );
}
