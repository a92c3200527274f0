import { RelativeTime } from "@kombify/ui";
import { Text } from "@mantine/core";
import classes from "./homelab.module.css";

export type ActivityItem = { id: string; at: Date; actorName: string; summary: string };

/** What happened lately, newest first. */
export function ActivityList({ items }: { items: readonly ActivityItem[] }) {
  if (items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing yet. What you and your members do shows up here.
      </Text>
    );
  return (
    <ol className={classes.activity}>
      {items.map((item) => (
        <li key={item.id}>
          <Text size="sm">{item.summary}</Text>
          <Text size="xs" c="dimmed">
            {item.actorName}, <RelativeTime at={item.at} />
          </Text>
        </li>
      ))}
    </ol>
  );
}
