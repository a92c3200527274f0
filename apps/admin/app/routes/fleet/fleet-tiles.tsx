import type { FleetOverview } from "@kombify/api/schemas";
import { Anchor, Progress, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section, Sections } from "../../frame/section.tsx";
import classes from "./fleet.module.css";

const figure = (count: number): string => count.toLocaleString("en");

/** The fleet in figures: room, instances, tenants, work that waits. Each figure leads to what it counts. */
export function FleetTiles({ overview }: { overview: FleetOverview }) {
  const { instances, tenants, queue } = overview;
  return (
    <Sections as="tiles">
      <Room places={overview.places} />
      <Section title="Instances">
        <Counts>
          <Count label="Connected" count={instances.connected} href="/instances?connection=connected" />
          <Count label="Silent" count={instances.stale} href="/instances?connection=stale" tone="waiting" />
          <Count label="Offline" count={instances.offline} href="/instances?connection=offline" tone="bad" />
          <Count label="Not joined yet" count={instances.pending} href="/instances?connection=pending" />
          <Count label="Cordoned" count={instances.cordoned} />
        </Counts>
      </Section>
      <Section title="Tenants">
        <Counts>
          <Count label="Active" count={tenants.active} href="/tenants?status=active" />
          <Count label="Being set up" count={tenants.provisioning} href="/tenants?status=provisioning" />
          <Count
            label="In the queue"
            count={tenants.waiting}
            href="/tenants?status=waiting_for_capacity"
            tone="waiting"
          />
          <Count label="Suspended" count={tenants.suspended} href="/tenants?status=suspended" />
          <Count label="Under quarantine" count={tenants.quarantined} href="/tenants?status=quarantined" tone="bad" />
          <Count label="With an error" count={tenants.failed} tone="bad" />
        </Counts>
      </Section>
      <Section title="Job queue">
        <Counts>
          <Count label="Ready to run" count={queue.ready} />
          <Count label="Running" count={queue.running} />
          <Count label="Gave up" count={queue.failed} tone="bad" />
        </Counts>
      </Section>
    </Sections>
  );
}

function Room({ places }: { places: FleetOverview["places"] }) {
  const share = places.capacity > 0 ? Math.min(100, (places.used / places.capacity) * 100) : 0;
  const words = `${figure(places.used)} of ${figure(places.capacity)} places taken`;
  // Places on instances that are cordoned or silent are neither taken nor free.
  const closed = Math.max(0, places.capacity - places.used - places.free);
  return (
    <Section title="Room">
      <p className={classes.big}>
        {figure(places.free)} <span>{places.free === 1 ? "place free" : "places free"}</span>
      </p>
      <Progress.Root size={8} my="xs">
        <Progress.Section
          value={share}
          color={share >= 100 ? "red.8" : share >= 80 ? "yellow.7" : "iris"}
          aria-label="Places taken"
          aria-valuetext={words}
        />
      </Progress.Root>
      <Text size="sm" c="dimmed">
        {words}
        {closed > 0 ? `; ${figure(closed)} on instances that take nobody now` : ""}
      </Text>
    </Section>
  );
}

function Counts({ children }: { children: ReactNode }) {
  return <dl className={classes.counts}>{children}</dl>;
}

type CountProps = { label: string; count: number; href?: string; tone?: "waiting" | "bad" };

function Count({ label, count, href, tone }: CountProps) {
  return (
    <div className={classes.count} data-tone={count > 0 ? tone : undefined} data-none={count === 0 || undefined}>
      <dt>
        {href && count > 0 ? (
          <Anchor component={PortalLink} href={href} size="sm" c="inherit" underline="always">
            {label}
          </Anchor>
        ) : (
          label
        )}
      </dt>
      <dd>{figure(count)}</dd>
    </div>
  );
}
