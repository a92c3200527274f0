import type { FlagDifference, FlagView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { Section } from "../../../frame/section.tsx";
import { DifferenceList } from "../review/difference-list.tsx";

type RevertQuestionProps = {
  flag: FlagView;
  revert: { version: number; differences: FlagDifference[] };
  problem: FormProblem | undefined;
};

/** What going back would change, before it is done; `?revert=3` opens it. */
export function RevertQuestion({ flag, revert: { version, differences }, problem }: RevertQuestionProps) {
  const href = `/flags/${flag.key}/history`;
  return (
    <Section title={`Go back to version ${version}?`}>
      <Form method="post" action={href} replace>
        <input type="hidden" name="version" value={version} />
        <Stack gap="sm">
          {differences.length > 0 ? (
            <DifferenceList differences={differences} />
          ) : (
            <Text size="sm">The flag is as it was then. Going back changes nothing.</Text>
          )}
          <Text size="sm" c="dimmed">
            {flag.isSensitive ? "The flag is sensitive: a second person has to approve it. " : ""}
            The kill switch and overrides stay as they are. It becomes a version of its own, so that it can be taken
            back as well.
          </Text>
          <TextInput
            id="note"
            name="note"
            label="Note"
            description="Why, for those who read the history later."
            maxLength={1000}
            maw={640}
            defaultValue={problem?.values.note ?? ""}
            error={fieldError(problem, "note")}
            autoComplete="off"
          />
          <Group>
            <SubmitButton intent="revert">Go back to version {version}</SubmitButton>
            <Button component={PortalLink} href={href} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Section>
  );
}
