import type { FlagUsageView } from "@kombify/api/schemas";
import { exactUtcText } from "@kombify/ui";
import { Text } from "@mantine/core";
import { ChartFrame, COLUMN } from "../../../charts/chart-frame.tsx";
import { countTicks } from "../../../charts/chart-scale.ts";
import { counted } from "../../../flags/flag-words.ts";
import { variantColor } from "../variant-colors.ts";
import { VariantName } from "../variant-name.tsx";
import classes from "./usage.module.css";
import { stepText, stepWords, type UsageStep } from "./usage-steps.ts";

type UsageChartProps = {
  usage: FlagUsageView;
  steps: readonly UsageStep[];
  /** Names of the flag's variants, for their colours. */
  variants: readonly string[];
};

const GAP = 1.2;

/** How often each variant was given: columns of them over time, on a scale that begins at 0. Drawn on the server. */
export function UsageChart({ usage: { series, stepSeconds }, steps, variants }: UsageChartProps) {
  const ticks = countTicks(Math.max(0, ...steps.map(({ total }) => total)));
  const top = ticks.at(-1) ?? 1;
  const total = steps.reduce((sum, each) => sum + each.total, 0);
  // About eight times fit on a desk, four on a phone.
  const every = Math.max(1, Math.ceil(steps.length / 8));
  return (
    <div>
      <ul className={classes.legend}>
        {series.map(({ variant, points }) => (
          <li key={variant}>
            <VariantName variant={variant} variants={variants} />{" "}
            <span>{points.reduce((sum, { count }) => sum + count, 0).toLocaleString("en")}</span>
          </li>
        ))}
      </ul>
      <Text size="xs" c="dimmed" mb={6}>
        Evaluations in each {stepWords(stepSeconds)} (times in UTC)
      </Text>
      <ChartFrame
        ticks={ticks}
        formatTick={(tick) => tick.toLocaleString("en", { notation: "compact" })}
        times={steps.map(({ at }, index) => ({
          key: at.getTime(),
          text: (steps.length - 1 - index) % every === 0 ? stepText(at, stepSeconds) : "",
          isMinor: (steps.length - 1 - index) % (every * 2) !== 0,
        }))}
        label={`Column chart of ${counted(total, "evaluation", "evaluations")} by variant over time. The table below has the figures.`}
        isTall
      >
        {steps.map((step, at) => (
          <Column key={step.at.getTime()} step={step} x={at * COLUMN} top={top} variants={variants} />
        ))}
      </ChartFrame>
    </div>
  );
}

type ColumnProps = { step: UsageStep; x: number; top: number; variants: readonly string[] };

function Column({ step, x, top, variants }: ColumnProps) {
  const words = step.counts.map(({ variant, count }) => `${variant || "no value"} ${count.toLocaleString("en")}`);
  let below = 0;
  return (
    <g>
      <title>{`${exactUtcText(step.at)}: ${words.join(", ")}`}</title>
      {step.counts.map(({ variant, count }) => {
        const height = (count / top) * 100;
        below += height;
        return (
          <rect
            key={variant}
            x={x + GAP}
            width={COLUMN - 2 * GAP}
            y={100 - below}
            height={height}
            style={{ fill: variantColor(variants, variant) }}
          />
        );
      })}
    </g>
  );
}
