import type { MeView, TenantDetailView } from "@kombify/api/schemas";
import { LiveMark, PageHeader, StatusPill, UsageMeter } from "@kombify/ui";
import { Anchor, Paper, Stack, Title } from "@mantine/core";
import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { useHomelab } from "../../homelab/use-homelab.ts";
import { type ActivityItem, ActivityList } from "./activity-list.tsx";
import type { FirstStep } from "./first-steps.ts";
import { FirstStepsCard } from "./first-steps-card.tsx";
import classes from "./homelab.module.css";
import { HomelabFacts } from "./homelab-facts.tsx";
import { HomelabSwitcher } from "./homelab-switcher.tsx";
import { LaunchPanel } from "./launch-panel.tsx";

type HomelabViewProps = {
  loaded: TenantDetailView;
  homelabs: MeView["tenants"];
  activity: readonly ActivityItem[];
  /** There is a page that says what is new. */
  hasNews: boolean;
  /** Null where none are shown. */
  firstSteps: readonly FirstStep[] | null;
  cloudUrl: string;
  /** Why the last launch was refused, as the address has it. */
  refusal: string | null;
};

/** The card of one homelab, kept current. */
export function HomelabView(props: HomelabViewProps) {
  const { loaded, homelabs, activity, hasNews, firstSteps, cloudUrl, refusal } = props;
  const { data: homelab, state } = useHomelab(loaded);
  const { members, sims } = homelab.limits;
  useReloadOnChange(`${homelab.status} ${homelab.isUnderRepair}`);
  return (
    <>
      <PageHeader
        title={homelab.name}
        marks={
          <>
            {homelab.isUnderRepair && homelab.status === "active" ? (
              <StatusPill state="quarantined" label="Being repaired" />
            ) : (
              <StatusPill state={homelab.status} />
            )}
            <LiveMark state={state} />
          </>
        }
        actions={<HomelabSwitcher homelabs={homelabs} current={homelab.slug} hasNews={hasNews} />}
      />
      <div className={classes.columns}>
        <Stack gap="md">
          <Paper withBorder shadow="xs" className={classes.card}>
            <LaunchPanel homelab={homelab} refusal={refusal} />
            <HomelabFacts homelab={homelab} cloudUrl={cloudUrl} />
          </Paper>
          {firstSteps === null ? null : <FirstStepsCard steps={firstSteps} />}
        </Stack>
        <Stack gap="md">
          <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="usage">
            <Title order={2} id="usage" mb="md">
              Usage
            </Title>
            <Stack gap="md">
              <UsageMeter label="Members" used={members.used} max={members.max} />
              <Anchor component={PortalLink} href={`/team?tenant=${homelab.slug}`} size="sm" underline="always">
                See the team
              </Anchor>
              <UsageMeter label="Sims (simulated homelabs)" used={sims.used} max={sims.max} />
            </Stack>
          </Paper>
          <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="activity">
            <Title order={2} id="activity" mb="md">
              Recent activity
            </Title>
            <ActivityList items={activity} />
          </Paper>
        </Stack>
      </div>
    </>
  );
}

/** A new state has an entry in the activity list, which is the loader's. */
function useReloadOnChange(state: string): void {
  const { revalidate } = useRevalidator();
  const shown = useRef(state);
  useEffect(() => {
    if (shown.current === state) return;
    shown.current = state;
    revalidate();
  }, [state, revalidate]);
}
