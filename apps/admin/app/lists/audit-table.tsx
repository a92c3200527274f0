import type { AuditEventView } from "@kombify/api/schemas";
import { type Column, DataTable, exactUtcText, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { PortalLink } from "../frame/portal-link.tsx";

const ACTOR_KINDS: Record<AuditEventView["actorKind"], string> = {
  user: "person",
  staff: "staff",
  agent: "agent",
  system: "by itself",
};

/** Where to look at what an event was about; null where there is no page for it. */
function targetHref({ targetKind, targetId, action }: AuditEventView): string | null {
  if (targetKind === "tenant") return `/tenants/${targetId}`;
  if (targetKind === "instance" && action !== "instances.remove") return `/instances/${targetId}`;
  if (targetKind === "flag" && action !== "flags.remove") return `/flags/${targetId}`;
  if (targetKind === "segment" && action !== "flags.removeSegment") return `/flags/segments/${targetId}`;
  return null;
}

const when: Column<AuditEventView> = {
  key: "at",
  header: "When",
  render: ({ at }) => (
    <div>
      <Text size="sm" style={{ whiteSpace: "nowrap" }}>
        <RelativeTime at={at} />
      </Text>
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {exactUtcText(at)}
      </Text>
    </div>
  ),
};
const who: Column<AuditEventView> = {
  key: "actor",
  header: "Who",
  render: ({ actorName, actorKind }) => (
    <div>
      <Text size="sm">{actorName}</Text>
      <Text size="xs" c="dimmed">
        {ACTOR_KINDS[actorKind]}
      </Text>
    </div>
  ),
};
const what: Column<AuditEventView> = {
  key: "what",
  header: "What",
  render: (event) => {
    const href = targetHref(event);
    return (
      <div>
        <Text size="sm">
          {href ? (
            <Anchor component={PortalLink} href={href} inherit>
              {event.summary}
            </Anchor>
          ) : (
            event.summary
          )}
        </Text>
        <Text size="xs" c="dimmed" ff="monospace">
          {event.action}
        </Text>
      </div>
    );
  },
};
const tenant: Column<AuditEventView> = {
  key: "tenant",
  header: "Tenant",
  render: ({ tenantSlug }) => (
    <Text size="sm" {...(tenantSlug ? { ff: "monospace" } : { c: "dimmed" })}>
      {tenantSlug ?? "None"}
    </Text>
  ),
};
const request: Column<AuditEventView> = {
  key: "request",
  header: "Request",
  render: ({ requestId }) => (
    <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: "anywhere" }}>
      {requestId ?? "None"}
    </Text>
  ),
};

type AuditTableProps = {
  events: AuditEventView[];
  /** On a tenant's own page its name is not said on every line. */
  isOfOneTenant?: boolean;
  firstHref?: string | undefined;
  nextHref?: string | undefined;
  empty?: ReactNode;
};

/** Who did what, newest first. */
export function AuditTable({ events, isOfOneTenant = false, firstHref, nextHref, empty }: AuditTableProps) {
  return (
    <DataTable
      caption="Audit trail"
      columns={isOfOneTenant ? [when, who, what, request] : [when, who, what, tenant, request]}
      rows={events}
      rowKey={(event) => event.id}
      firstHref={firstHref}
      nextHref={nextHref}
      empty={
        empty ?? (
          <Text size="sm" c="dimmed">
            Nothing has happened yet.
          </Text>
        )
      }
    />
  );
}
