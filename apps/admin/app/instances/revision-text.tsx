import type { InstanceView } from "@kombify/api/schemas";
import { TONE_COLORS } from "@kombify/ui";
import { Text } from "@mantine/core";
import { revisionLag } from "./revision-lag.ts";

type RevisionTextProps = Pick<InstanceView, "desiredRevision" | "appliedRevision" | "lastSeenAt">;

/** Whether a host has applied what is wished, and by how much it lags. */
export function RevisionText({ desiredRevision, appliedRevision, lastSeenAt }: RevisionTextProps) {
  const { text, detail, tone } = revisionLag(desiredRevision, appliedRevision, lastSeenAt !== null);
  const isLoud = tone === "waiting" || tone === "bad";
  return (
    <div>
      <Text
        size="sm"
        fw={isLoud ? 600 : 400}
        {...(isLoud ? { c: `var(--mantine-color-${TONE_COLORS[tone]}-text)` } : {})}
      >
        {text}
      </Text>
      <Text size="xs" c="dimmed">
        {detail}
      </Text>
    </div>
  );
}
