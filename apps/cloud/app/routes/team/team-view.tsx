import type { InvitationView, MeView, TeamView as Team } from "@kombify/api/schemas";
import type { FormProblem } from "@kombify/portal/form-problem";
import { FormErrorSummary, PageHeader } from "@kombify/ui";
import { Alert, Paper, Stack, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { HomelabChoice } from "../../homelab/homelab-choice.tsx";
import { DONE } from "./act.ts";
import { ConfirmLeave, ConfirmRemove } from "./confirm.tsx";
import { DangerZone } from "./danger-zone.tsx";
import { InvitationsTable } from "./invitations-table.tsx";
import { InvitePanel } from "./invite-panel.tsx";
import { MembersTable } from "./members-table.tsx";
import classes from "./team.module.css";

export type Me = { id: string; role: MeView["tenants"][number]["role"] };

type TeamViewProps = {
  me: Me;
  homelabs: MeView["tenants"];
  homelab: MeView["tenants"][number];
  team: Team;
  invitations: readonly InvitationView[];
  problem: FormProblem | undefined;
  /** The word in the address that says what was just done. */
  done: string | null;
  /** Who is about to be removed, as the address has it. */
  removing: string | null;
  isLeaving: boolean;
};

const OWN_PLACE = new Set(["invite", "transfer"]);

/** The team of one homelab: who belongs to it, who is invited, and the ways in and out. */
export function TeamView({ me, homelabs, homelab, team, invitations, problem, ...address }: TeamViewProps) {
  const isManager = me.role === "owner" || me.role === "admin";
  const intent = problem?.values.intent ?? "";
  const removed = team.items.find(({ userId }) => userId === address.removing);
  return (
    <>
      <PageHeader
        title="Team"
        description={`Who may use ${homelab.name}.`}
        actions={<HomelabChoice page="/team" homelabs={homelabs} current={homelab.slug} />}
      />
      <Stack gap="md">
        <Said problem={OWN_PLACE.has(intent) ? undefined : problem} done={address.done} />
        {removed ? <ConfirmRemove slug={homelab.slug} member={removed} homelabName={homelab.name} /> : null}
        {address.isLeaving && me.role !== "owner" ? (
          <ConfirmLeave slug={homelab.slug} homelabName={homelab.name} />
        ) : null}
        <div className={classes.columns} data-single={isManager ? undefined : true}>
          <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="members">
            <Title order={2} id="members" mb="md">
              Members
            </Title>
            <MembersTable me={me} slug={homelab.slug} members={team.items} />
          </Paper>
          {isManager ? (
            <InvitePanel me={me} slug={homelab.slug} team={team} problem={intent === "invite" ? problem : undefined} />
          ) : null}
        </div>
        {isManager ? (
          <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="invitations">
            <Title order={2} id="invitations" mb="md">
              Open invitations
            </Title>
            <InvitationsTable me={me} slug={homelab.slug} invitations={invitations} />
          </Paper>
        ) : null}
        <DangerZone me={me} homelab={homelab} team={team} problem={intent === "transfer" ? problem : undefined} />
      </Stack>
    </>
  );
}

function Said({ problem, done }: { problem: FormProblem | undefined; done: string | null }) {
  if (problem) return <FormErrorSummary message={problem.fields[0]?.message ?? problem.message} />;
  const words = done === null ? undefined : DONE[done];
  return words ? <Alert role="status" color="green" icon={<IconCircleCheck aria-hidden />} title={words} /> : null;
}
