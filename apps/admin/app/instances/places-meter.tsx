import { Progress, Text } from "@mantine/core";

/** How many places of an instance are taken, in a table's cell. Yellow from 80 %, red when full, as in UsageMeter. */
export function PlacesMeter({ used, capacity }: { used: number; capacity: number }) {
  if (capacity === 0)
    return (
      <Text size="sm" c="dimmed">
        Known once it joins
      </Text>
    );
  const share = Math.min(100, (used / capacity) * 100);
  const color = used >= capacity ? "red.8" : share >= 80 ? "yellow.7" : "iris";
  const words = `${used.toLocaleString("en")} of ${capacity.toLocaleString("en")} places`;
  return (
    <div style={{ minWidth: 110 }}>
      <Text size="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
        {used.toLocaleString("en")}{" "}
        <Text span size="sm" c="dimmed">
          of {capacity.toLocaleString("en")}
        </Text>
      </Text>
      <Progress.Root size={5} mt={3}>
        <Progress.Section value={share} color={color} aria-label="Places taken" aria-valuetext={words} />
      </Progress.Root>
    </div>
  );
}
