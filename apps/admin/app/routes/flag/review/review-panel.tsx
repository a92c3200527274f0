import type { FlagView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Alert, List, Stack, Text } from "@mantine/core";
import { IconAlertCircle, IconVersions } from "@tabler/icons-react";
import { Section, Sections } from "../../../frame/section.tsx";
import { DifferenceList } from "./difference-list.tsx";
import { Effects } from "./effects.tsx";
import type { Review } from "./review.ts";
import { RuleWords } from "./rule-words.tsx";
import { SaveForm } from "./save-form.tsx";

type ReviewPanelProps = {
  flag: FlagView;
  review: Review;
  /** Where its form goes: the tab that it came from. */
  address: string;
};

/** What saving would change, in words and in figures, before it is done. */
export function ReviewPanel({ flag, review, address }: ReviewPanelProps) {
  const { preview, message, others } = review;
  const isSame = preview.differences.length === 0;
  // Where the rules themselves are different, their words stand among the differences.
  const areWordsSaid =
    preview.wordsBefore.join("\n") === preview.wordsAfter.join("\n") ||
    preview.differences.some(({ what }) => what === "Rules");
  return (
    <Stack gap="md">
      {message ? (
        <Alert role="alert" color="red" variant="light" icon={<IconAlertCircle aria-hidden />} title="It was not saved">
          {message}
        </Alert>
      ) : null}
      {others.length > 0 ? <Others versions={others} /> : null}
      <Sections as="halves">
        <Section title={isSame ? "Nothing is different" : "What changes"}>
          {isSame ? (
            <Text size="sm" c="dimmed">
              It is the same as version {flag.version}. There is nothing to save.
            </Text>
          ) : (
            <DifferenceList differences={preview.differences} />
          )}
        </Section>
        <Stack gap="md">
          <Section title="Who gets something else">
            <Effects
              effects={preview.effects}
              note={preview.effectsNote}
              variants={Object.keys(flag.definition.variants)}
            />
          </Section>
          {areWordsSaid ? null : (
            <Section title="The rule in words">
              <Text size="xs" c="dimmed">
                Now
              </Text>
              <RuleWords words={preview.wordsBefore} />
              <Text size="xs" c="dimmed" mt="sm">
                After saving
              </Text>
              <RuleWords words={preview.wordsAfter} />
            </Section>
          )}
        </Stack>
      </Sections>
      <Section title={isSame ? "Go on" : preview.needsApproval ? "Ask for it" : "Save it"}>
        <SaveForm review={review} address={address} isSame={isSame} />
      </Section>
    </Stack>
  );
}

/** What other people have saved while somebody was editing. */
function Others({ versions }: { versions: Review["others"] }) {
  return (
    <Alert
      role="alert"
      color="yellow"
      variant="light"
      icon={<IconVersions aria-hidden />}
      title="Somebody else was faster"
    >
      <Text size="sm">
        Nothing of yours is lost. Below it is compared with the flag as it is now; saving replaces these changes where
        they meet.
      </Text>
      <List size="sm" mt="xs">
        {versions.map(({ version, actorName, at, note, differences }) => (
          <List.Item key={version}>
            Version {version} by {actorName}, <RelativeTime at={at} />
            {note ? `: “${note}”` : ""}
            {differences.length > 0 ? ` (${differences.map(({ what }) => what).join(", ")})` : ""}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
