import type { SecondFactorView } from "@kombify/api/schemas";
import { StatusPill } from "@kombify/ui";
import { Button, Group, Paper, Text, Title } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";

/** Whether signing in takes a code, and the way to where that is looked after. */
export function TwoStepSection({ factor }: { factor: SecondFactorView }) {
  const left = factor.recoveryCodesLeft;
  return (
    <Paper withBorder p="lg">
      <Group justify="space-between" gap="sm">
        <div>
          <Group gap="sm">
            <Title order={2} size="h3">
              Two-step sign-in
            </Title>
            <StatusPill state={factor.isOn ? "active" : "planned"} label={factor.isOn ? "On" : "Off"} size="sm" />
          </Group>
          <Text c="dimmed" size="sm">
            {factor.isOn
              ? `Recovery codes left: ${left}.${left < 3 ? " Make new ones soon." : ""}`
              : "A code from your phone besides the password."}
          </Text>
        </div>
        <Button component={PortalLink} href="/settings/security/two-step" variant={factor.isOn ? "default" : "filled"}>
          {factor.isOn ? "Manage" : "Set it up"}
        </Button>
      </Group>
    </Paper>
  );
}
