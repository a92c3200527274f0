import type { AnnouncementsView } from "@kombify/api/schemas";
import { useNow } from "@kombify/ui";
import { Anchor, Badge, Group, Paper, Text, Title } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import classes from "./whats-new.module.css";

type Announcement = AnnouncementsView["items"][number];

/** Days for which something counts as new. */
const NEW_DAYS = 30;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** What came to this homelab, newest first. @param current its address, which links keep. */
export function AnnouncementList({ items, current }: { items: readonly Announcement[]; current: string }) {
  const now = useNow();
  return (
    <ol className={classes.list}>
      {items.map(({ id, title, text, link, announcedAt }) => {
        const isNew = now !== null && announcedAt !== null && now - announcedAt.getTime() < NEW_DAYS * 86_400_000;
        return (
          <Paper key={id} component="li" withBorder shadow="xs" className={classes.item}>
            <Group justify="space-between" align="baseline" gap="xs">
              <Title order={2} size="h3">
                {title}
              </Title>
              {isNew ? <Badge variant="light">New</Badge> : null}
            </Group>
            {announcedAt === null ? null : (
              <Text component="time" dateTime={announcedAt.toISOString().slice(0, 10)} size="sm" c="dimmed">
                {DAY.format(announcedAt)}
              </Text>
            )}
            {text === null ? null : <Text mt="xs">{text}</Text>}
            {link === null ? null : (
              <Text mt="xs">
                <Anchor component={PortalLink} href={`${link}?tenant=${current}`} underline="always">
                  Have a look<span className={classes.of}> at: {title}</span>
                </Anchor>
              </Text>
            )}
          </Paper>
        );
      })}
    </ol>
  );
}
