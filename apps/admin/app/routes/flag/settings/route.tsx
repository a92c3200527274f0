import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Stack } from "@mantine/core";
import type { ActionFunctionArgs } from "@remix-run/node";
import { useActionData } from "@remix-run/react";
import { useLastAnswer } from "../../../forms/use-last-answer.ts";
import { Done } from "../done.tsx";
import { flagKeyOf } from "../flag-key.ts";
import { ReviewPanel } from "../review/review-panel.tsx";
import { useFlag } from "../use-flag.ts";
import { act } from "./act.ts";
import { settingsValues } from "./read-settings.ts";
import { RemoveFlag } from "./remove-flag.tsx";
import { SettingsFields } from "./settings-fields.tsx";
import { StoredSettings } from "./stored-settings.tsx";

export async function action({ request, params, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await act(context.api, flagKeyOf(params), values, context.requestId);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

const LABELS = {
  owner: "Owner",
  description: "Description",
  metadata: "Metadata",
  expiresAt: "Expires on",
  typedKey: "Remove the flag",
};

export default function FlagSettings() {
  const answer = useLastAnswer(useActionData<typeof action>());
  const { flag, mayWrite } = useFlag();
  const address = `/flags/${flag.key}/settings`;
  if (!mayWrite) return <StoredSettings flag={flag} />;
  const review = answer && "review" in answer ? answer.review : undefined;
  if (review) return <ReviewPanel flag={flag} review={review} address={address} />;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  const typed = answer && "typed" in answer ? answer.typed : undefined;
  const isOfSettings = problem?.values.intent === "review";
  return (
    <Stack gap="md">
      <FormErrorSummary
        message={problem?.message}
        fields={problem?.fields}
        labels={LABELS}
        requestId={problem?.requestId || undefined}
      />
      <Done words={answer && "done" in answer ? answer.done : null} />
      <SettingsFields
        // What was saved is shown; what somebody else saves does not take away what is typed.
        key={answer && "done" in answer ? flag.version : "editing"}
        flag={flag}
        values={(isOfSettings ? problem?.values : typed) ?? settingsValues(flag.definition)}
        problem={problem}
        address={address}
      />
      <RemoveFlag flag={flag} problem={problem} address={address} />
    </Stack>
  );
}
