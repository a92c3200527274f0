import type { FlagChangeView } from "@kombify/api/schemas";
import { IntentButton } from "@kombify/portal/intent-button";
import { Group, Stack, Text, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { useMayOperate } from "../../frame/staff.ts";

const form = { method: "post", replace: true, preventScrollReset: true } as const;

type ChangeActionsProps = { change: FlagChangeView; reasonError: string | undefined };

/** Approve, reject with a reason, take back: each where it can be done by who is signed in. */
export function ChangeActions({ change, reasonError }: ChangeActionsProps) {
  const { id, state, isMine } = change;
  const mayOperate = useMayOperate();
  const isWaiting = state === "waiting_for_approval";
  if (!mayOperate || !(isWaiting || state === "scheduled")) return null;
  const takeBack = (
    <Form {...form}>
      <IntentButton intent="cancel" id={id} variant="default">
        Take it back
      </IntentButton>
    </Form>
  );
  if (!isWaiting) return <Group>{takeBack}</Group>;
  if (isMine)
    return (
      <Group gap="sm">
        <Text size="sm">You asked for this: somebody else has to approve it.</Text>
        {takeBack}
      </Group>
    );
  return (
    <Stack gap="xs">
      <Group gap="sm" align="flex-end">
        <Form {...form}>
          <IntentButton intent="approve" id={id}>
            Approve
          </IntentButton>
        </Form>
        {takeBack}
      </Group>
      <Form {...form} noValidate>
        <Group gap="sm" align="flex-end">
          <TextInput
            id={`reason-${id}`}
            name="reason"
            label="Or say why not"
            error={reasonError}
            autoComplete="off"
            w={360}
            maw="100%"
          />
          <IntentButton intent="reject" id={id} variant="light" color="red">
            Reject
          </IntentButton>
        </Group>
      </Form>
    </Stack>
  );
}
