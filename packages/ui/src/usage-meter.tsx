import { Group, Progress, Stack, Text } from "@mantine/core";

type UsageMeterProps = { label: string; used: number; max: number; unit?: string };

/** How much of a limit is used, in numbers and as a bar. Yellow from 80 %, red when nothing is left. */
export function UsageMeter({ label, used, max, unit }: UsageMeterProps) {
  const share = max > 0 ? Math.min(100, (used / max) * 100) : 0;
  const color = max > 0 && used >= max ? "red.8" : share >= 80 ? "yellow.7" : "iris";
  const words = `${used.toLocaleString("en")} of ${max.toLocaleString("en")}${unit ? ` ${unit}` : ""}`;
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="sm" c="dimmed">
          {words}
        </Text>
      </Group>
      <Progress.Root size={8}>
        <Progress.Section value={share} color={color} aria-label={label} aria-valuetext={words} />
      </Progress.Root>
    </Stack>
  );
}
