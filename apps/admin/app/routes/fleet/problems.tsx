import type { FleetOverview } from "@kombify/api/schemas";
import { Anchor, Group, Paper, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle, IconInfoCircle } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import classes from "./fleet.module.css";

type Severity = FleetOverview["problems"][number]["severity"];

/** Worst first. */
const SEVERITIES = {
  critical: { name: "Critical", Icon: IconExclamationCircle, color: "red" },
  warning: { name: "Warning", Icon: IconAlertTriangle, color: "yellow" },
  notice: { name: "Notice", Icon: IconInfoCircle, color: "gray" },
} as const satisfies Record<Severity, object>;
const ORDER = Object.keys(SEVERITIES);

/** What is wrong now, worst first; or, calmly, that nothing is. */
export function Problems({ overview }: { overview: FleetOverview }) {
  const problems = overview.problems.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  if (problems.length === 0) return <AllWell overview={overview} />;
  return (
    <Paper component="section" withBorder aria-label="What is wrong now">
      <ul className={classes.problems}>
        {problems.map((problem) => (
          <Problem key={`${problem.href} ${problem.title}`} problem={problem} />
        ))}
      </ul>
    </Paper>
  );
}

function Problem({ problem: { severity, title, detail, href } }: { problem: FleetOverview["problems"][number] }) {
  const { name, Icon, color } = SEVERITIES[severity];
  return (
    <li className={classes.problem}>
      <ThemeIcon size={30} radius="xl" variant="light" color={color} aria-hidden>
        <Icon size={18} stroke={1.9} />
      </ThemeIcon>
      <div>
        <VisuallyHidden>{`${name}: `}</VisuallyHidden>
        {/* A problem of the fleet as a whole is shown on this very page. */}
        {href === "/" ? (
          <Text fw={600}>{title}</Text>
        ) : (
          <Anchor component={PortalLink} href={href} fw={600} c="inherit" underline="always">
            {title}
          </Anchor>
        )}
        <Text size="sm" c="dimmed">
          {detail}
        </Text>
      </div>
    </li>
  );
}

function AllWell({ overview: { instances, places } }: { overview: FleetOverview }) {
  const free = `${places.free.toLocaleString("en")} ${places.free === 1 ? "place" : "places"} free`;
  return (
    <Paper component="section" withBorder p="md" aria-label="What is wrong now">
      <Group gap="md" wrap="nowrap">
        <ThemeIcon size={38} radius="xl" variant="light" color="green" aria-hidden>
          <IconCircleCheck size={22} stroke={1.8} />
        </ThemeIcon>
        <div>
          <Text fw={600}>Everything is well</Text>
          <Text size="sm" c="dimmed">
            {instances.connected.toLocaleString("en")} of {instances.total.toLocaleString("en")} instances connected,{" "}
            {free}, nobody waits.
          </Text>
        </div>
      </Group>
    </Paper>
  );
}
