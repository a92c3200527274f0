import type { FlagView } from "@kombify/api/schemas";
import { type Column, DataTable } from "@kombify/ui";
import { Anchor, Code, List, Stack, Text } from "@mantine/core";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { Section } from "../../../frame/section.tsx";
import { VariantName } from "../variant-name.tsx";

type Row = { name: string; value: string; use: string };

/** What the flag can give and what it depends on, for those who may look and change nothing. */
export function StoredVariants({ flag }: { flag: FlagView }) {
  const { variants, defaultVariant, offVariant, prerequisites, targeting, state } = flag.definition;
  const names = Object.keys(variants);
  const rows = Object.entries(variants).map(([name, value]) => {
    const uses = [name === defaultVariant ? "default" : "", name === offVariant ? "off" : ""];
    return { name, value: JSON.stringify(value), use: uses.filter((use) => use !== "").join(", ") || "in rules" };
  });
  const columns: Column<Row>[] = [
    { key: "name", header: "Variant", render: ({ name }) => <VariantName variant={name} variants={names} /> },
    { key: "value", header: "Value", render: ({ value }) => <Code>{value}</Code> },
    { key: "use", header: "Given as", render: ({ use }) => use },
  ];
  return (
    <Stack gap="md">
      <Section
        title="Variants"
        aside={
          <Text size="sm" c="dimmed">
            {state === "ENABLED" ? "Enabled" : "Disabled: nobody gets a value"}
          </Text>
        }
      >
        <DataTable caption="Variants" columns={columns} rows={rows} rowKey={({ name }) => name} empty={null} />
      </Section>
      {prerequisites.length > 0 ? (
        <Section title="Prerequisites">
          <List size="sm">
            {prerequisites.map((each) => (
              <List.Item key={each.flag}>
                <Anchor component={PortalLink} href={`/flags/${each.flag}`} inherit>
                  {each.flag}
                </Anchor>{" "}
                gives {each.variants.join(" or ")}
              </List.Item>
            ))}
          </List>
        </Section>
      ) : null}
      {Object.keys(targeting).length > 0 ? (
        <details>
          <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
            Targeting as it is stored
          </Text>
          <Code block mt="xs">
            {JSON.stringify(targeting, null, 2)}
          </Code>
        </details>
      ) : null}
    </Stack>
  );
}
