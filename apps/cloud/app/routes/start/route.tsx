import { Button, Group, Text, Title } from "@mantine/core";
import type { MetaFunction } from "@remix-run/node";
import { useRouteLoaderData } from "@remix-run/react";
import { IconDeviceMobile, IconHistory, IconLock, type TablerIcon } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import type { loader as rootLoader } from "../../root.tsx";
import { HomelabPicture } from "./homelab-picture.tsx";
import classes from "./start.module.css";

export const meta: MetaFunction = () => [
  { title: "kombify: your own homelab, ready in seconds" },
  { name: "description", content: "Describe your stacks and machines, see every job, from any browser." },
];

const POINTS: { Icon: TablerIcon; title: string; text: string }[] = [
  {
    Icon: IconHistory,
    title: "Everything in one list",
    text: "Your stacks, your machines, and each job that changed them.",
  },
  {
    Icon: IconLock,
    title: "Yours alone",
    text: "Your data is kept apart from everybody else's by the database itself.",
  },
  {
    Icon: IconDeviceMobile,
    title: "One sign-in",
    text: "Launch it from any browser, on a phone too. No token to copy.",
  },
];

export default function Start() {
  const isSignedIn = Boolean(useRouteLoaderData<typeof rootLoader>("root")?.me);
  return (
    <div className={classes.page}>
      <section className={classes.hero}>
        <div>
          <Title order={1} className={classes.title}>
            Your own homelab, ready in seconds
          </Title>
          <Text size="lg" c="dimmed" mt="md">
            Name it, and kombify sets it up on a host that we run. Then describe your stacks and machines, and reach
            them from anywhere.
          </Text>
          <Group mt="xl" gap="sm">
            {isSignedIn ? (
              <Button component={PortalLink} href="/homelab" size="md">
                Go to my homelab
              </Button>
            ) : (
              <>
                <Button component={PortalLink} href="/signup" size="md">
                  Create my homelab
                </Button>
                <Button component={PortalLink} href="/login" size="md" variant="default">
                  Sign in
                </Button>
              </>
            )}
          </Group>
          <Text size="sm" c="dimmed" mt="sm">
            The free plan needs an e-mail address and nothing else.
          </Text>
        </div>
        <HomelabPicture />
      </section>
      <ul className={classes.points}>
        {POINTS.map(({ Icon, title, text }) => (
          <li key={title} className={classes.point}>
            <Icon size={22} stroke={1.7} color="var(--mantine-color-anchor)" aria-hidden />
            <div>
              <Text fw={600}>{title}</Text>
              <Text size="sm" c="dimmed">
                {text}
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
