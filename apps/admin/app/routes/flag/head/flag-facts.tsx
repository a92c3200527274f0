import type { FlagView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Paper } from "@mantine/core";
import { counted, kindName } from "../../../flags/flag-words.ts";
import { Fact, Facts } from "../../../frame/section.tsx";

/** Who answers for the flag, how long it is meant to live, whether anybody uses it. */
export function FlagFacts({ flag }: { flag: FlagView }) {
  const { lifetime, expiresAt, lastEvaluatedAt } = flag;
  return (
    <Paper withBorder p="md" component="section" aria-label="Facts">
      <Facts>
        <Fact name="Owner">{flag.owner}</Fact>
        <Fact name="Kind">
          {kindName(flag.kind)}, {flag.type}
        </Fact>
        <Fact name="Lifetime">
          {lifetime === "permanent" ? "Permanent" : "Temporary"}
          {expiresAt ? (
            <>
              , {expiresAt.getTime() < Date.now() ? "expired" : "expires"} <RelativeTime at={expiresAt} />
            </>
          ) : lifetime === "temporary" ? (
            ", no date set"
          ) : null}
        </Fact>
        <Fact name="Version">
          {flag.version}, <RelativeTime at={flag.updatedAt} />
        </Fact>
        <Fact name="Last evaluated">
          {lastEvaluatedAt ? (
            <>
              <RelativeTime at={lastEvaluatedAt} />, {counted(flag.evaluations, "time", "times")} in 24 hours
            </>
          ) : (
            "Never"
          )}
        </Fact>
      </Facts>
    </Paper>
  );
}
