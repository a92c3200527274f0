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
import { useFlag } from "../use-flag.ts";
import { act } from "./act.ts";
import { AddOverride } from "./add-override.tsx";
import { OverrideTable } from "./override-table.tsx";

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const { items } = await pageAnswer(request, requestId, api.flags.overrides({ key: flagKeyOf(params) }));
  return { overrides: items };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await act(context.api, flagKeyOf(params), values);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

const LABELS = { tenant: "Homelab", variant: "Variant", reason: "Reason" };

export default function Overrides() {
  const { overrides } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const { flag, mayWrite } = useFlag();
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  return (
    <Stack gap="md">
      <FormErrorSummary
        message={problem?.message}
        fields={problem?.fields}
        labels={LABELS}
        requestId={problem?.requestId}
      />
      <Done words={answer && "done" in answer ? answer.done : null} />
      <Section title="Homelabs that get a variant whatever the rules say">
        <OverrideTable
          overrides={overrides}
          variants={Object.keys(flag.definition.variants)}
          flagKey={flag.key}
          mayWrite={mayWrite}
        />
      </Section>
      {mayWrite ? <AddOverride key={overrides.length} flag={flag} problem={problem} /> : null}
    </Stack>
  );
}
