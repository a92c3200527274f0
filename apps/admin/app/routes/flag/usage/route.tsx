import type { FlagUsageView } from "@kombify/api/schemas";
import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState } from "@kombify/ui";
import { Button, Group } from "@mantine/core";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconChartBar } from "@tabler/icons-react";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { Section } from "../../../frame/section.tsx";
import { oneOf } from "../../../lists/list-address.ts";
import { flagKeyOf } from "../flag-key.ts";
import { useFlag } from "../use-flag.ts";
import { UsageChart } from "./usage-chart.tsx";
import { usageSteps } from "./usage-steps.ts";
import { UsageTable } from "./usage-table.tsx";

const RANGES = ["24h", "7d", "30d"] as const;
const RANGE_WORDS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days" };

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const range = oneOf(new URL(request.url).searchParams, "range", RANGES) ?? "24h";
  const usage: FlagUsageView = await pageAnswer(
    request,
    context.requestId,
    context.api.flags.usage({ key: flagKeyOf(params), range }),
  );
  return { usage, range };
}

export default function Usage() {
  const { usage, range } = useLoaderData<typeof loader>();
  const { flag } = useFlag();
  const steps = usageSteps(usage);
  const hasAny = steps.some(({ total }) => total > 0);
  return (
    <Section title="How often is each variant given?" aside={<Ranges current={range} />}>
      {hasAny ? (
        <>
          <UsageChart usage={usage} steps={steps} variants={Object.keys(flag.definition.variants)} />
          <UsageTable steps={steps} />
        </>
      ) : (
        <EmptyState icon={IconChartBar} title={`Nobody has asked for it in the last ${RANGE_WORDS[range]}`}>
          {flag.lastEvaluatedAt === null
            ? "Once Cloud or a host evaluates it, this counts how often each variant was given. Hosts report every 10 seconds or so."
            : "It was asked for before: choose a longer time."}
        </EmptyState>
      )}
    </Section>
  );
}

function Ranges({ current }: { current: (typeof RANGES)[number] }) {
  return (
    <Group component="nav" aria-label="Time shown" gap={4}>
      {RANGES.map((range) => (
        <Button
          key={range}
          component={PortalLink}
          href={`?range=${range}`}
          variant={range === current ? "light" : "subtle"}
          color={range === current ? "iris" : "gray"}
          size="compact-sm"
          {...(range === current ? { "aria-current": "true" as const } : {})}
        >
          {RANGE_WORDS[range]}
        </Button>
      ))}
    </Group>
  );
}
