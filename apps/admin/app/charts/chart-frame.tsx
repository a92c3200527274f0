import type { ReactNode } from "react";
import classes from "./chart.module.css";

/** Width of a column, in the units of the drawing; its height is 100. */
export const COLUMN = 10;

type ChartFrameProps = {
  /** Of the scale, from 0 upwards. */
  ticks: readonly number[];
  formatTick: (tick: number) => string;
  /** What stands below each column, from left to right; narrow screens leave out the minor ones. */
  times: readonly { key: string | number; text: string; isMinor?: boolean }[];
  /** What the chart says, for those who do not see it. */
  label: string;
  isTall?: boolean;
  /** The columns, as SVG. */
  children: ReactNode;
};

/** Scale, lines and times around columns over time. Drawn on the server, and so there without script. */
export function ChartFrame({ ticks, formatTick, times, label, isTall = false, children }: ChartFrameProps) {
  const top = ticks.at(-1) ?? 1;
  const width = times.length * COLUMN;
  return (
    <div className={classes.chart} data-tall={isTall || undefined}>
      <div className={classes.ticks} aria-hidden>
        {ticks.toReversed().map((tick) => (
          <span key={tick}>{formatTick(tick)}</span>
        ))}
      </div>
      <svg
        className={classes.bars}
        viewBox={`0 0 ${width} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {ticks.map((tick) => (
          <line key={tick} x1={0} x2={width} y1={100 - (tick / top) * 100} y2={100 - (tick / top) * 100} />
        ))}
        {children}
      </svg>
      <div className={classes.times} aria-hidden>
        {times.map(({ key, text, isMinor }) => (
          <span key={key} data-minor={isMinor || undefined}>
            {text}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The same in figures, one click away. */
export const AsTable = ({ children }: { children: ReactNode }) => (
  <details className={classes.asTable}>
    <summary>As a table</summary>
    {children}
  </details>
);
