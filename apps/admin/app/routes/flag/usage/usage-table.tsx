import { exactUtcText } from "@kombify/ui";
import { AsTable } from "../../../charts/chart-frame.tsx";
import classes from "./usage.module.css";
import type { UsageStep } from "./usage-steps.ts";

/** The same as the chart, in figures; newest first. */
export function UsageTable({ steps }: { steps: readonly UsageStep[] }) {
  const [first] = steps;
  if (!first) return null;
  return (
    <AsTable>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reached by keyboard */}
      <section className={classes.scroll} aria-label="Evaluations as a table" tabIndex={0}>
        <table>
          <caption>Evaluations by variant</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              {first.counts.map(({ variant }) => (
                <th key={variant} scope="col">
                  {variant || "no value"}
                </th>
              ))}
              <th scope="col">Together</th>
            </tr>
          </thead>
          <tbody>
            {steps.toReversed().map(({ at, counts, total }) => (
              <tr key={at.getTime()}>
                <th scope="row">{exactUtcText(at)}</th>
                {counts.map(({ variant, count }) => (
                  <td key={variant}>{count.toLocaleString("en")}</td>
                ))}
                <td>{total.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </AsTable>
  );
}
