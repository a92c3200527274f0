import type { FlagPreviewView } from "@kombify/api/schemas";
import { Text } from "@mantine/core";
import { counted } from "../../../flags/flag-words.ts";
import { VariantName } from "../variant-name.tsx";
import classes from "./effects.module.css";

type EffectsProps = {
  effects: FlagPreviewView["effects"];
  /** Where not every homelab was looked at. */
  note: string | null;
  variants: readonly string[];
};

/** How many homelabs get something else, and what. */
export function Effects({ effects, note, variants }: EffectsProps) {
  const changed = effects.filter(({ before, after }) => before !== after);
  const same = effects.filter(({ before, after }) => before === after);
  const unchanged = same.reduce((sum, { tenants }) => sum + tenants, 0);
  if (effects.length === 0)
    return (
      <Text size="sm" c="dimmed">
        There is no homelab yet.
      </Text>
    );
  return (
    <>
      {changed.length === 0 ? (
        <Text size="sm">No homelab's owner gets something else.</Text>
      ) : (
        <ul className={classes.effects}>
          {changed.map(({ before, after, tenants }) => (
            <li key={`${before} ${after}`}>
              <strong>{counted(tenants, "homelab", "homelabs")}</strong>
              <span className={classes.change}>
                <VariantName variant={before} variants={variants} />
                <span aria-hidden>→</span>
                <span className={classes.spoken}>becomes</span>
                <VariantName variant={after} variants={variants} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <Text size="xs" c="dimmed" mt="xs">
        {unchanged > 0 ? `${counted(unchanged, "homelab", "homelabs")} as before. ` : ""}
        {note ? `${note} ` : ""}
        Evaluated for each homelab's owner; what an application sends along is not known here.
      </Text>
    </>
  );
}
