import { pageAnswer } from "@kombify/portal/service-error";
import { ErrorState, LiveMark, StepList } from "@kombify/ui";
import { Alert, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconHourglass } from "@tabler/icons-react";
import { LaunchForm } from "../../homelab/launch-form.tsx";
import { LaunchPause } from "../../homelab/launch-pause.tsx";
import { provisioningSteps } from "../../homelab/provisioning-steps.ts";
import { RepairNotice } from "../../homelab/repair-notice.tsx";
import { useHomelab } from "../../homelab/use-homelab.ts";
import classes from "./welcome.module.css";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? `${data.homelab.name} · ` : ""}kombify` },
];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const answer = <T,>(call: Promise<T>) => pageAnswer(request, context.requestId, call);
  const slug = new URL(request.url).searchParams.get("tenant");
  if (slug === null) {
    const { tenants } = await answer(context.api.identity.me());
    throw redirect(tenants[0] ? `/welcome?tenant=${tenants[0].slug}` : "/tenants/new");
  }
  return { homelab: await answer(context.api.tenants.get({ slug })) };
}

export default function Welcome() {
  const { homelab: loaded } = useLoaderData<typeof loader>();
  const { data: homelab, state } = useHomelab(loaded);
  const isReady = homelab.status === "active";
  const isQueued = homelab.status === "waiting_for_capacity";
  const hasFailed = homelab.steps.some((step) => step.state === "failed");
  if (homelab.status === "suspended" || homelab.status === "deleting") {
    return (
      <ErrorState title={`${homelab.name} is closed`}>
        {homelab.status === "deleting"
          ? "It is being deleted."
          : "It has been suspended. Write to us to have it opened."}
      </ErrorState>
    );
  }
  if (homelab.isUnderRepair)
    return (
      <div className={classes.page}>
        <Title order={1} mb="lg">
          {homelab.name}
        </Title>
        <RepairNotice />
      </div>
    );
  return (
    <div className={classes.page}>
      <Stack gap={4} mb="lg">
        <Title order={1}>{isReady ? `${homelab.name} is ready` : `Setting up ${homelab.name}`}</Title>
        <Text c="dimmed">
          {isReady && homelab.isLaunchPaused ? "It is all set up." : leadOf(isReady, isQueued, hasFailed)}
        </Text>
      </Stack>
      <Paper withBorder shadow="xs" className={classes.card}>
        <Group justify="space-between" mb="lg">
          <Title order={2} size="h3">
            Progress
          </Title>
          <LiveMark state={state} align="end" />
        </Group>
        <StepList steps={provisioningSteps(homelab)} label="Setting up your homelab" />
        <div className={classes.end} aria-live="polite">
          {isReady && homelab.isLaunchPaused ? <LaunchPause /> : null}
          {isReady && !homelab.isLaunchPaused ? <LaunchForm slug={homelab.slug} isFullWidth /> : null}
          {isQueued ? (
            <Alert color="yellow" icon={<IconHourglass aria-hidden />} title="You are in the queue">
              Every host is full right now. We place you as soon as there is room. You can close this page: nothing is
              lost, and your homelab is here when you sign in again.
            </Alert>
          ) : null}
          {hasFailed ? (
            <Alert color="red" title="One step did not work">
              We keep trying, and we have been told. You can close this page and come back later.
            </Alert>
          ) : null}
          {isReady || isQueued || hasFailed ? null : (
            <Text size="sm" c="dimmed">
              The button to launch it appears here.
            </Text>
          )}
        </div>
      </Paper>
      {isReady ? null : (
        <noscript>
          <p>
            <a href={`/welcome?tenant=${homelab.slug}`}>See how far it is</a>
          </p>
        </noscript>
      )}
    </div>
  );
}

function leadOf(isReady: boolean, isQueued: boolean, hasFailed: boolean): string {
  if (isReady) return "Launch it: you land in its console, signed in.";
  if (isQueued) return "Your account is there; your homelab waits for a place.";
  return hasFailed ? "This takes longer than it should." : "This takes a few seconds.";
}
