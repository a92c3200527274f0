import type { FleetOverview } from "@kombify/api/schemas";
import { Text } from "@mantine/core";
import { AsTable, ChartFrame, COLUMN } from "../../charts/chart-frame.tsx";
import { countTicks, dayText } from "../../charts/chart-scale.ts";

type Day = FleetOverview["signups"][number];

/** How many people signed up on each of the last days: bars over a scale that begins at 0, and the same as a table. */
export function SignupsChart({ days }: { days: Day[] }) {
  const most = Math.max(0, ...days.map(({ count }) => count));
  const ticks = countTicks(most);
  const top = ticks.at(-1) ?? 1;
  const busiest = days.find(({ count }) => count === most);
  const label = most === 0 || !busiest ? "Nobody signed up." : `The most were ${most}, on ${dayText(busiest.day)}.`;
  return (
    <div>
      <Text size="xs" c="dimmed" mb={6}>
        Sign-ups a day (days in UTC)
      </Text>
      <ChartFrame
        ticks={ticks}
        formatTick={(tick) => tick.toLocaleString("en")}
        times={days.map(({ day }, at) => ({ key: day, text: (days.length - 1 - at) % 4 === 0 ? dayText(day) : "" }))}
        label={`Bar chart of sign-ups a day. ${label}`}
      >
        {days.map(({ day, count }, at) => (
          <rect key={day} x={at * COLUMN + 1.5} width={7} y={100 - (count / top) * 100} height={(count / top) * 100}>
            <title>{`${dayText(day)}: ${count.toLocaleString("en")}`}</title>
          </rect>
        ))}
      </ChartFrame>
      <AsTable>
        <table>
          <caption>Sign-ups a day</caption>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col">Sign-ups</th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, count }) => (
              <tr key={day}>
                <th scope="row">{dayText(day)}</th>
                <td>{count.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </AsTable>
    </div>
  );
}
