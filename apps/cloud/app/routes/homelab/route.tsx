import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState } from "@kombify/ui";
import { Button, Paper } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { IconHomePlus } from "@tabler/icons-react";
import { portalFlags } from "../../flags/portal-flags.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { loadFirstSteps } from "./first-steps.ts";
import { HomelabView } from "./homelab-view.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.homelab?.name ?? "Homelab"} · kombify` },
];

const ACTIVITY_SHOWN = 8;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const answer = <T,>(call: Promise<T>) => pageAnswer(request, context.requestId, call);
  const asked = new URL(request.url).searchParams.get("tenant");
  const { tenants: homelabs } = await answer(context.api.identity.me());
  const slug = asked ?? homelabs[0]?.slug;
  const { cloudUrl } = context;
  if (slug === undefined) return { homelabs, homelab: null, activity: [], hasNews: false, firstSteps: null, cloudUrl };
  const [homelab, activity, flags] = await answer(
    Promise.all([
      context.api.tenants.get({ slug }),
      context.api.tenants.activity({ slug, limit: ACTIVITY_SHOWN }),
      portalFlags(context.api, slug),
    ]),
  );
  const firstSteps = flags.firstSteps ? await answer(loadFirstSteps(context.api, slug, homelab.role)) : null;
  return { homelabs, homelab, activity: activity.items, hasNews: flags.whatsNew, firstSteps, cloudUrl };
}

export default function Homelab() {
  const { homelabs, homelab, activity, hasNews, firstSteps, cloudUrl } = useLoaderData<typeof loader>();
  const [query] = useSearchParams();
  if (homelab === null) {
    return (
      <Paper withBorder maw={620} mx="auto">
        <EmptyState
          level={1}
          icon={IconHomePlus}
          title="You have no homelab yet"
          action={
            <Button component={PortalLink} href="/tenants/new" mt="xs">
              Create a homelab
            </Button>
          }
        >
          A homelab is your own place for stacks and machines. It is ready a few seconds after you name it.
        </EmptyState>
      </Paper>
    );
  }
  return (
    <HomelabView
      key={homelab.slug}
      loaded={homelab}
      homelabs={homelabs}
      activity={activity}
      hasNews={hasNews}
      firstSteps={firstSteps}
      cloudUrl={cloudUrl}
      refusal={query.get("launch")}
    />
  );
}
