import type { FlagView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Code } from "@mantine/core";
import { FlagLinks } from "../../../flags/flag-links.tsx";
import { Fact, Facts, Section } from "../../../frame/section.tsx";

/** The settings, for those who may look and change nothing. */
export function StoredSettings({ flag }: { flag: FlagView }) {
  const { metadata, isSensitive } = flag.definition;
  return (
    <Section title="About the flag">
      <Facts>
        <Fact name="Made">
          <RelativeTime at={flag.createdAt} />
        </Fact>
        <Fact name="Sensitive">{isSensitive ? "Yes: a change needs a second person" : "No"}</Fact>
        <Fact name="Needed by">
          <FlagLinks keys={flag.neededBy} none="No other flag" />
        </Fact>
        <Fact name="Metadata">
          {Object.keys(metadata).length > 0 ? <Code block>{JSON.stringify(metadata, null, 2)}</Code> : "None"}
        </Fact>
      </Facts>
    </Section>
  );
}
