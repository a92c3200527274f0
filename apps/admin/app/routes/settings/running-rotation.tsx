import type { RotationView } from "@kombify/api/schemas";
import { RelativeTime, type Step, StepList, type StepState } from "@kombify/ui";
import { Group, Stack, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { useMayOperate } from "../../frame/staff.ts";

const STATES: Record<RotationView["steps"][number]["state"], StepState> = {
  done: "done",
  running: "active",
  waiting: "waiting",
  failed: "failed",
  "not-begun": "waiting",
};

function stepOf({ name, state, startedAt, finishedAt, detail, retryAt }: RotationView["steps"][number]): Step {
  return {
    key: name,
    label: name,
    state: STATES[state],
    at: finishedAt ?? startedAt,
    isHeld: state === "waiting",
    detail:
      state === "failed" && retryAt ? (
        <>
          {detail} Tried again <RelativeTime at={retryAt} />.
        </>
      ) : (
        detail
      ),
  };
}

/** An exchange that is under way: its steps with their times, what it waits for, and the way back while there is one. */
export function RunningRotation({ rotation, title }: { rotation: RotationView; title: string }) {
  const mayOperate = useMayOperate();
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        Begun <RelativeTime at={rotation.startedAt} />
        {rotation.requestedBy ? ` by ${rotation.requestedBy}` : " by the schedule or the command line"}
        {rotation.cancelledAt ? "; it is being taken back" : ""}.
      </Text>
      <StepList steps={rotation.steps.map(stepOf)} label={`Steps of the exchange: ${title}`} />
      {rotation.cancelRefusal === null && mayOperate ? (
        <Form method="post" replace preventScrollReset>
          <input type="hidden" name="id" value={rotation.id} />
          <Group>
            <SubmitButton intent="cancel" variant="default">
              Cancel the exchange
            </SubmitButton>
          </Group>
        </Form>
      ) : (
        <Text size="sm" c="dimmed">
          {rotation.cancelRefusal}
        </Text>
      )}
    </Stack>
  );
}
