import type { MeView, TeamView as Team } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Button, Group, NativeSelect, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { ROLE_NAMES } from "../../team/roles.ts";
import classes from "./team.module.css";
import type { Me } from "./team-view.tsx";

type DangerZoneProps = {
  me: Me;
  homelab: MeView["tenants"][number];
  team: Team;
  problem: FormProblem | undefined;
};

/** The ways out: members leave, the owner hands over. */
export function DangerZone({ me, homelab, team, problem }: DangerZoneProps) {
  return (
    <Paper
      withBorder
      shadow="xs"
      className={`${classes.card} ${classes.danger}`}
      component="section"
      aria-labelledby="danger"
    >
      <Title order={2} id="danger" mb="md">
        {me.role === "owner" ? "Hand the homelab over" : "Leave the team"}
      </Title>
      {me.role === "owner" ? (
        <Transfer me={me} homelab={homelab} team={team} problem={problem} />
      ) : (
        <Group justify="space-between" gap="md">
          <Text size="sm" c="dimmed" flex="1 1 260px">
            You can no longer open {homelab.name} then, unless somebody invites you again.
          </Text>
          <Button
            component={PortalLink}
            href={`/team?${new URLSearchParams({ tenant: homelab.slug, leave: "yes" })}`}
            color="red"
            variant="light"
          >
            Leave the team
          </Button>
        </Group>
      )}
    </Paper>
  );
}

function Transfer({ me, homelab, team, problem }: DangerZoneProps) {
  const others = team.items.filter(({ userId }) => userId !== me.id);
  if (others.length === 0)
    return (
      <Text size="sm" c="dimmed">
        You are the owner. Once somebody else belongs to the team, you can hand {homelab.name} over to them.
      </Text>
    );
  return (
    <Form method="post" action={`/team?tenant=${homelab.slug}`} noValidate>
      <Stack gap="md" maw={440}>
        <Text size="sm" c="dimmed">
          Somebody else becomes the owner, and you an admin. Only the new owner can undo it.
        </Text>
        <FormErrorSummary
          message={problem?.message}
          fields={problem?.fields}
          labels={{ userId: "New owner", confirmName: "Name" }}
        />
        <input type="hidden" name="intent" value="transfer" />
        <input type="hidden" name="tenant" value={homelab.slug} />
        <NativeSelect
          id="userId"
          name="userId"
          label="New owner"
          defaultValue={problem?.values.userId ?? ""}
          error={fieldError(problem, "userId")}
          data={[
            { value: "", label: "Choose a member" },
            ...others.map(({ userId, name, email, role }) => ({
              value: userId,
              label: `${name} (${email}), ${ROLE_NAMES[role].toLowerCase()}`,
            })),
          ]}
        />
        <TextInput
          id="confirmName"
          name="confirmName"
          label={`Type ${homelab.name} to confirm`}
          autoComplete="off"
          spellCheck={false}
          defaultValue={problem?.values.confirmName}
          error={fieldError(problem, "confirmName")}
        />
        <Button type="submit" color="red" style={{ alignSelf: "flex-start" }}>
          Hand the homelab over
        </Button>
      </Stack>
    </Form>
  );
}
