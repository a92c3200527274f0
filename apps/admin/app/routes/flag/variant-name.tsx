import { variantColor } from "./variant-colors.ts";
import classes from "./variant-name.module.css";

type VariantNameProps = {
  /** Null or empty: there is no value. */
  variant: string | null;
  /** Names of the flag's variants, for its colour. */
  variants: readonly string[];
};

/** A variant by name, with its colour beside. */
export function VariantName({ variant, variants }: VariantNameProps) {
  const name = variant || null;
  return (
    <span className={classes.variant}>
      <span className={classes.dot} style={{ background: variantColor(variants, name ?? "") }} aria-hidden />
      {name ?? "no value"}
    </span>
  );
}
