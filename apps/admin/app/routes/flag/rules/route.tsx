import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Stack } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { useLastAnswer } from "../../../forms/use-last-answer.ts";
import { Section } from "../../../frame/section.tsx";
import { Done } from "../done.tsx";
import { flagKeyOf } from "../flag-key.ts";
import { ReviewPanel } from "../review/review-panel.tsx";
import { RuleWords } from "../review/rule-words.tsx";
import { useFlag } from "../use-flag.ts";
import { act } from "./act.ts";
import { Editor } from "./editor.tsx";
import { StoredVariants } from "./stored-variants.tsx";

/** So many keys are suggested as prerequisites; any other can be typed. */
const SUGGESTED = 200;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const [segments, flags] = await pageAnswer(
    request,
    requestId,
    Promise.all([api.flags.segments(), api.flags.list({ limit: SUGGESTED })]),
  );
  return { segments: segments.items.map(({ key }) => key), flagKeys: flags.items.map(({ key }) => key) };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  try {
    return await act(context.api, flagKeyOf(params), form, context.requestId);
  } catch (error) {
    return refusedForm(error, textFields(form), context.requestId, { request });
  }
}

export default function Rules() {
  const { segments, flagKeys } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const { flag, mayWrite } = useFlag();
  const review = answer && "review" in answer ? answer.review : undefined;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  const address = `/flags/${flag.key}?index`;
  if (review && mayWrite) return <ReviewPanel flag={flag} review={review} address={address} />;
  return (
    <Stack gap="md">
      <FormErrorSummary message={problem?.message} fields={problem?.fields} requestId={problem?.requestId} />
      <Done words={answer && "done" in answer ? answer.done : null} />
      <Section title="In words">
        <RuleWords words={flag.words} />
      </Section>
      {mayWrite ? (
        <Editor
          flag={flag}
          sent={answer && "sent" in answer ? answer.sent : undefined}
          segments={segments}
          flagKeys={flagKeys}
        />
      ) : (
        <StoredVariants flag={flag} />
      )}
    </Stack>
  );
}
