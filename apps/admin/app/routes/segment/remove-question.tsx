import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form, useSearchParams } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

type RemoveSegmentProps = { segment: { key: string; usedBy: string[] }; problem: FormProblem | undefined };

/** The question before a segment goes; `?remove` opens it. While flags use it there is nothing to ask. */
export function RemoveSegment({ segment: { key, usedBy }, problem }: RemoveSegmentProps) {
  const isAsked = useSearchParams()[0].has("remove");
  const href = `/flags/segments/${key}`;
  if (usedBy.length > 0)
    return (
      <Text size="sm" c="dimmed">
        It can be removed when no flag uses it any more.
      </Text>
    );
  if (!isAsked)
    return (
      <Group>
        <Button component={PortalLink} href={`${href}?remove=`} variant="light" color="red">
          Remove the segment
        </Button>
      </Group>
    );
  return (
    <Paper withBorder p="lg" maw={860}>
      <Form method="post" replace noValidate>
        <Stack gap="sm">
          <FormErrorSummary message={problem?.message} requestId={problem?.requestId || undefined} />
          <Title order={2} size="h3">
            Remove {key}?
          </Title>
          <Text size="sm">
            No flag uses it, so nobody gets anything else than before. It can be made again by hand.
          </Text>
          <TextInput
            id="typedName"
            name="typedName"
            label={`Type ${key} to confirm`}
            error={fieldError(problem, "typedName")}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maw={360}
          />
          <Group>
            <SubmitButton intent="remove" color="red">
              Remove
            </SubmitButton>
            <Button component={PortalLink} href={href} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
