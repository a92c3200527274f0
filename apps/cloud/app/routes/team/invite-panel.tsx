import type { TeamView as Team } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary, UsageMeter } from "@kombify/ui";
import { Alert, NativeSelect, Paper, Stack, TextInput, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { ROLE_CAN, ROLE_NAMES, rolesGivenBy } from "../../team/roles.ts";
import classes from "./team.module.css";
import type { Me } from "./team-view.tsx";

const PLANS = { free: "Free", pro: "Pro", business: "Business" } as const;

type InvitePanelProps = { me: Me; slug: string; team: Team; problem: FormProblem | undefined };

/** Asking somebody in, and how much room there is. */
export function InvitePanel({ me, slug, team, problem }: InvitePanelProps) {
  const { members, invited, max } = team.places;
  const isFull = members + invited >= max;
  return (
    <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="invite">
      <Title order={2} id="invite" mb="md">
        Invite somebody
      </Title>
      <Stack gap="md">
        <UsageMeter label="Members and invitations" used={members + invited} max={max} />
        {isFull ? (
          <Alert color="yellow" title="There is no room for one more">
            The {PLANS[team.plan]} plan has room for {max}, open invitations included.{" "}
            {team.larger ? `The ${PLANS[team.larger.plan]} plan has ${team.larger.max}. ` : ""}
            Remove somebody or withdraw an invitation to make room.
          </Alert>
        ) : (
          <Form method="post" action={`/team?tenant=${slug}`} noValidate>
            <Stack gap="md">
              <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ email: "E-mail" }} />
              <input type="hidden" name="intent" value="invite" />
              <input type="hidden" name="tenant" value={slug} />
              <TextInput
                id="email"
                name="email"
                type="email"
                label="E-mail"
                description="The link in the mail works once, for this address, for 7 days."
                autoComplete="off"
                defaultValue={problem?.values.email}
                error={fieldError(problem, "email")}
              />
              <NativeSelect
                name="role"
                label="Role"
                defaultValue={problem?.values.role ?? "member"}
                data={rolesGivenBy(me.role).map((role) => ({
                  value: role,
                  label: `${ROLE_NAMES[role]}: can ${ROLE_CAN[role]}`,
                }))}
              />
              <SubmitButton>Send the invitation</SubmitButton>
            </Stack>
          </Form>
        )}
      </Stack>
    </Paper>
  );
}
