import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, LiveMark, PageHeader } from "@kombify/ui";
import { Anchor, Button, Paper, Stack } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconServer2 } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section, Sections } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { EndingCertificates } from "./ending-certificates.tsx";
import { FleetTiles } from "./fleet-tiles.tsx";
import { Problems } from "./problems.tsx";
import { SignupsChart } from "./signups-chart.tsx";
import { WaitingTenants } from "./waiting-tenants.tsx";

export const meta: MetaFunction = () => [{ title: "Fleet · kombify Admin" }];

const WAITING_SHOWN = 5;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const [overview, waiting] = await pageAnswer(
    request,
    requestId,
    Promise.all([
      api.fleet.overview(),
      api.tenants.search({ status: "waiting_for_capacity", sort: "createdAt", limit: WAITING_SHOWN }),
    ]),
  );
  return { overview, waiting };
}

export default function Fleet() {
  const { overview, waiting } = useLoaderData<typeof loader>();
  const live = useFleetLive();
  const mayOperate = useMayOperate();
  const signups = overview.signups.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <PageHeader title="Fleet" marks={<LiveMark state={live} />} />
      <Stack gap="md">
        {overview.instances.total === 0 ? (
          <Paper withBorder>
            <EmptyState
              icon={IconServer2}
              title="The fleet has no instance yet"
              action={
                mayOperate ? (
                  <Button component={PortalLink} href="/instances/new">
                    Register the first instance
                  </Button>
                ) : null
              }
            >
              Until the first one joins, everybody who signs up waits for a place.
            </EmptyState>
          </Paper>
        ) : (
          <Problems overview={overview} />
        )}
        <FleetTiles overview={overview} />
        {waiting.total > 0 ? (
          <Section
            title="Waiting for a place"
            aside={
              <Anchor component={PortalLink} href="/tenants?status=waiting_for_capacity&sort=createdAt" size="sm">
                All {waiting.total.toLocaleString("en")}
              </Anchor>
            }
          >
            <WaitingTenants tenants={waiting.items} />
          </Section>
        ) : null}
        <Sections as="halves">
          <Section title={`${signups.toLocaleString("en")} sign-ups in 14 days`}>
            <SignupsChart days={overview.signups} />
          </Section>
          <Section title="Certificates that end within 6 hours">
            <EndingCertificates certificates={overview.certificates} />
          </Section>
        </Sections>
      </Stack>
    </>
  );
}
