import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary, LiveMark } from "@kombify/ui";
import { Alert, Stack } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { IconCircleCheck } from "@tabler/icons-react";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { useMayOperate } from "../../frame/staff.ts";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { SettingsFrame } from "../../settings/settings-frame.tsx";
import { act } from "./act.ts";
import { KeyKind } from "./key-kind.tsx";
import { StartQuestion } from "./start-question.tsx";
import { WebhookSecrets } from "./webhook-secrets.tsx";

export const meta: MetaFunction = () => [{ title: "Keys and their rotation · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const [kinds, secrets] = await pageAnswer(
    request,
    requestId,
    Promise.all([api.rotations.list(), api.webhooks.secrets()]),
  );
  return { kinds: kinds.items, secrets: secrets.items };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await act(context.api, values);
  } catch (error) {
    // What was typed comes back, except the one thing that is a secret.
    const { secret: _, ...shown } = values;
    return refusedForm(error, shown, context.requestId, { request });
  }
}

export default function Settings() {
  const { kinds, secrets } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const live = useFleetLive();
  const mayOperate = useMayOperate();
  const done = answer && "done" in answer ? answer.done : null;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  return (
    <SettingsFrame
      description="Each is exchanged in steps, without anybody being refused meanwhile: by its schedule, or when you say so."
      marks={<LiveMark state={live} />}
    >
      <Stack gap="md">
        <FormErrorSummary message={problem?.fields[0]?.message ?? problem?.message} requestId={problem?.requestId} />
        {done ? (
          <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
            {done}
          </Alert>
        ) : null}
        {mayOperate ? <StartQuestion kinds={kinds} /> : null}
        {kinds.map((kind) => (
          <KeyKind key={kind.kind} kind={kind} />
        ))}
        <WebhookSecrets secrets={secrets} problem={problem} hasDone={done !== null} />
      </Stack>
    </SettingsFrame>
  );
}
