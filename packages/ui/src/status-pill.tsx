import { Badge } from "@mantine/core";
import { lookOf, TONE_COLORS } from "./states.ts";

/** A state as icon, words and colour. `label` replaces the words where a page has better ones. */
export function StatusPill({
  state,
  label,
  size = "md",
}: {
  state: string;
  label?: string;
  size?: "sm" | "md" | "lg";
}) {
  const look = lookOf(state);
  const iconSize = { sm: 12, md: 14, lg: 16 }[size];
  return (
    <Badge
      variant="light"
      color={TONE_COLORS[look.tone]}
      size={size}
      radius="xl"
      tt="none"
      fw={600}
      leftSection={<look.Icon size={iconSize} stroke={2} aria-hidden />}
    >
      {label ?? look.label}
    </Badge>
  );
}
