import type { FleetOverview } from "@kombify/api/schemas";
import { Text } from "@mantine/core";
import { countTicks, dayText } from "./chart-scale.ts";
import classes from "./fleet.module.css";

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
      <div className={classes.chart}>
        <div className={classes.ticks} aria-hidden>
          {ticks.toReversed().map((tick) => (
            <span key={tick}>{tick.toLocaleString("en")}</span>
          ))}
        </div>
        <svg
          className={classes.bars}
          viewBox={`0 0 ${days.length * 10} 100`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Bar chart of sign-ups a day. ${label}`}
        >
          {ticks.map((tick) => (
            <line key={tick} x1={0} x2={days.length * 10} y1={100 - (tick / top) * 100} y2={100 - (tick / top) * 100} />
          ))}
          {days.map(({ day, count }, at) => (
            <rect key={day} x={at * 10 + 1.5} width={7} y={100 - (count / top) * 100} height={(count / top) * 100}>
              <title>{`${dayText(day)}: ${count.toLocaleString("en")}`}</title>
            </rect>
          ))}
        </svg>
        <div className={classes.days} aria-hidden>
          {days.map(({ day }, at) => (
            <span key={day}>{(days.length - 1 - at) % 4 === 0 ? dayText(day) : ""}</span>
          ))}
        </div>
      </div>
      <details className={classes.asTable}>
        <summary>As a table</summary>
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
      </details>
    </div>
  );
}
