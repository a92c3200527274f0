import type { StaffTenantView } from "@kombify/api/schemas";
import { lookOf, StatusPill } from "@kombify/ui";
import { Text } from "@mantine/core";
import { StateMark } from "../lists/state-mark.tsx";

/** A tenant's state in a list. A quarantine stands out over the status that is wished. */
export function TenantMark({ tenant }: { tenant: Pick<StaffTenantView, "status" | "quarantinedAt"> }) {
  if (tenant.quarantinedAt === null) return <StateMark state={tenant.status} />;
  return (
    <div>
      <StatusPill state="quarantined" size="sm" />
      {tenant.status === "active" ? null : (
        <Text size="xs" c="dimmed">
          {lookOf(tenant.status).label}
        </Text>
      )}
    </div>
  );
}
