import { WHOLE } from "@kombify/flags/rules";
import classes from "./share-bar.module.css";
import { variantColor } from "./variant-colors.ts";

type ShareBarProps = {
  /** In thousandths of a percent, in their order. */
  shares: readonly { variant: string; weight: number }[];
  /** Names of all variants, for their colours. */
  variants: readonly string[];
  /** A place of 100,000 to mark. */
  place?: number;
};

/** Shares side by side, for the eye; the figures stand beside it as text. */
export function ShareBar({ shares, variants, place }: ShareBarProps) {
  return (
    <div className={classes.bar} aria-hidden>
      {shares.map(({ variant, weight }) => (
        <span
          key={variant}
          className={classes.share}
          style={{ width: `${(weight * 100) / WHOLE}%`, background: variantColor(variants, variant) }}
        />
      ))}
      {place === undefined ? null : <span className={classes.mark} style={{ left: `${(place * 100) / WHOLE}%` }} />}
    </div>
  );
}
