import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { IconLock } from "@tabler/icons-react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { PortalLink } from "../../../frame/portal-link.tsx";
import type { Review } from "./review.ts";

type SaveFormProps = { review: Review; address: string; isSame: boolean };

/** The last step of a change: why, when, and the button; or back to it. */
export function SaveForm({ review, address, isSame }: SaveFormProps) {
  const { needsApproval } = review.preview;
  const save = needsApproval ? "Ask for approval" : review.others.length > 0 ? "Save over it" : "Save";
  return (
    <Form method="post" action={address}>
      <input type="hidden" name="definition" value={review.definition} />
      <input type="hidden" name="version" value={review.version} />
      <Stack gap="sm">
        {isSame ? null : <Fields review={review} />}
        <Group gap="sm">
          {isSame ? null : <SubmitButton intent="save">{save}</SubmitButton>}
          <SubmitButton intent="edit" variant="default">
            Go on editing
          </SubmitButton>
          <Button component={PortalLink} href={address.replace("?index", "")} variant="subtle" color="gray">
            Discard
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}

function Fields({ review }: { review: Review }) {
  return (
    <>
      {review.preview.needsApproval ? (
        <Group gap={8} wrap="nowrap" align="flex-start">
          <IconLock size={18} aria-hidden style={{ flex: "none", marginTop: 2 }} />
          <Text size="sm">
            The flag is sensitive: nothing changes before a second person has approved it, on the page of changes.
          </Text>
        </Group>
      ) : null}
      <Textarea
        id="note"
        name="note"
        label="Note"
        description="Why, for those who read the history later."
        defaultValue={review.note}
        maxLength={1000}
        autosize
        minRows={2}
        maw={640}
      />
      <TextInput
        id="scheduledAt"
        name="scheduledAt"
        type="datetime-local"
        label="Not before (optional, in UTC)"
        description="Left empty, it happens as soon as it may."
        defaultValue={review.scheduledAt}
        maw={280}
      />
    </>
  );
}
