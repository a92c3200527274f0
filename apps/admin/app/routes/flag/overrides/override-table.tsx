import { type Column, DataTable, EmptyState, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { IconUserPin } from "@tabler/icons-react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { VariantName } from "../variant-name.tsx";

export type Override = {
  tenantId: string;
  slug: string;
  name: string;
  variant: string;
  reason: string;
  createdByName: string | null;
  createdAt: Date;
};

type OverrideTableProps = { overrides: Override[]; variants: string[]; flagKey: string; mayWrite: boolean };

/** Who is out of the rules' reach, since when and why. */
export function OverrideTable({ overrides, variants, flagKey, mayWrite }: OverrideTableProps) {
  const columns: Column<Override>[] = [
    {
      key: "tenant",
      header: "Homelab",
      render: ({ tenantId, name, slug }) => (
        <div>
          <Anchor component={PortalLink} href={`/tenants/${tenantId}`} fw={600} size="sm">
            {name}
          </Anchor>
          <Text size="xs" c="dimmed" ff="monospace">
            {slug}
          </Text>
        </div>
      ),
    },
    {
      key: "variant",
      header: "Gets",
      render: ({ variant }) => <VariantName variant={variant} variants={variants} />,
    },
    { key: "reason", header: "Why", render: ({ reason }) => <Text size="sm">{reason || "Not said"}</Text> },
    {
      key: "by",
      header: "Since",
      render: ({ createdAt, createdByName }) => (
        <Text size="sm" c="dimmed">
          <RelativeTime at={createdAt} />
          {createdByName ? `, by ${createdByName}` : ""}
        </Text>
      ),
    },
  ];
  const remove: Column<Override> = {
    key: "remove",
    header: "",
    align: "right",
    render: ({ tenantId, slug }) => (
      <Form method="post" action={`/flags/${flagKey}/overrides`} replace preventScrollReset>
        <input type="hidden" name="tenant" value={tenantId} />
        <SubmitButton intent="remove" variant="default" size="compact-sm" aria-label={`Remove the override of ${slug}`}>
          Remove
        </SubmitButton>
      </Form>
    ),
  };
  return (
    <DataTable
      caption="Overrides"
      columns={mayWrite ? [...columns, remove] : columns}
      rows={overrides}
      rowKey={({ tenantId }) => tenantId}
      empty={
        <EmptyState icon={IconUserPin} title="The rules decide for everybody">
          An override gives one homelab a variant of its own: to try something with a friend, or to keep somebody out of
          it.
        </EmptyState>
      }
    />
  );
}
