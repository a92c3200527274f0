import type { StaffTenantDetailView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconBandage } from "@tabler/icons-react";

/** What the host says that it could not do for a tenant, in its own words, and what happens next. */
export function HostError({ tenant }: { tenant: StaffTenantDetailView }) {
  const host = tenant.instance?.name ?? "Its host";
  if (tenant.quarantinedAt)
    return (
      <Alert color="red" variant="light" icon={<IconBandage aria-hidden />} title={`Under quarantine on ${host}`}>
        <Text size="sm">{tenant.error}</Text>
        <Text size="sm" c="dimmed">
          Closed since <RelativeTime at={tenant.quarantinedAt} />, because its collections could not be upgraded. Nobody
          else is held up. The agent tries again more and more rarely, at most an hour apart, and at once when it is
          restarted.
        </Text>
      </Alert>
    );
  if (tenant.error)
    return (
      <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={`${host} reports an error`}>
        <Text size="sm">{tenant.error}</Text>
        <Text size="sm" c="dimmed">
          The agent keeps trying.
        </Text>
      </Alert>
    );
  return null;
}
