import type { FlagDifference } from "@kombify/api/schemas";
import { Text } from "@mantine/core";
import classes from "./difference-list.module.css";

/** What is different: each thing with what it was and what it becomes. */
export function DifferenceList({ differences }: { differences: readonly FlagDifference[] }) {
  return (
    <ul className={classes.list}>
      {differences.map(({ what, before, after }) => (
        <li key={what}>
          <Text size="sm" fw={600}>
            {what}
          </Text>
          {before === null ? null : <Side side="before" sign={after === null ? "gone" : "before"} value={before} />}
          {after === null ? null : <Side side="after" sign={before === null ? "new" : "after"} value={after} />}
        </li>
      ))}
    </ul>
  );
}

function Side({ side, sign, value }: { side: "before" | "after"; sign: string; value: string }) {
  const Mark = side === "before" ? "del" : "ins";
  return (
    <div className={classes.line} data-side={side}>
      <span className={classes.sign}>{sign}</span>
      <Mark className={classes.value}>{value === "" ? "(empty)" : value}</Mark>
    </div>
  );
}
