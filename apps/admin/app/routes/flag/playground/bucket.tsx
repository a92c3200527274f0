import type { PlaygroundView } from "@kombify/api/schemas";
import { WHOLE } from "@kombify/flags/rules";
import { Code, Text } from "@mantine/core";
import { percentText } from "../rules/weights.ts";
import { ShareBar } from "../share-bar.tsx";
import { VariantName } from "../variant-name.tsx";
import classes from "./playground.module.css";

type BucketProps = { bucket: NonNullable<PlaygroundView["bucket"]>; variants: readonly string[] };

/** On which share somebody falls: the place in figures, and on a bar. */
export function Bucket({ bucket: { attribute, value, place, shares }, variants }: BucketProps) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        Share
      </Text>
      <Text size="sm" mb={8} style={{ overflowWrap: "anywhere" }}>
        {attribute} <Code>{value}</Code> falls on {percentText(place)} %, always.
      </Text>
      <ShareBar
        shares={shares.map(({ variant, from, to }) => ({ variant, weight: to - from }))}
        variants={variants}
        place={Math.min(place, WHOLE - 1)}
      />
      <ul className={classes.shares}>
        {shares.map(({ variant, from, to }) => {
          const isHere = place >= from && place < to;
          return (
            <li key={variant} data-here={isHere || undefined}>
              <VariantName variant={variant} variants={variants} /> from {percentText(from)} to {percentText(to)} %
              {isHere ? " (here)" : ""}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
