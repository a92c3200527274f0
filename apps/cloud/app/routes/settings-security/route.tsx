import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { PageHeader } from "@kombify/ui";
import { Stack } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { DoneNote } from "../../settings/done-note.tsx";
import { PasswordSection } from "./password-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";
import { TwoStepSection } from "./two-step-section.tsx";

export const meta: MetaFunction = () => [{ title: "Security · Settings · kombify" }];

const DONE = {
  password: "Your password is changed. Everybody who was signed in elsewhere is signed out.",
  session: "That browser is signed out.",
  others: "Every other browser is signed out.",
} as const;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { identity } = context.api;
  const [factor, { items }] = await pageAnswer(
    request,
    context.requestId,
    Promise.all([identity.secondFactor(), identity.sessions()]),
  );
  const done = new URL(request.url).searchParams.get("done");
  return { factor, sessions: items, done: DONE[done as keyof typeof DONE] ?? null };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { intent = "", id = "", current, next = "" } = textFields(await request.formData());
  const { identity } = context.api;
  try {
    if (intent === "password") await identity.changePassword({ ...(current === undefined ? {} : { current }), next });
    if (intent === "session") await identity.endSession({ id });
    if (intent === "others") await identity.endOtherSessions();
    return redirect(`/settings/security?done=${intent}`);
  } catch (error) {
    return refusedForm(error, { intent }, context.requestId, { request });
  }
}

export default function Security() {
  const { factor, sessions, done } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  const isOfPassword = problem?.values.intent === "password";
  return (
    <>
      <PageHeader title="Security" />
      <Stack gap="md">
        {done && !problem ? <DoneNote>{done}</DoneNote> : null}
        <PasswordSection hasPassword={factor.hasPassword} problem={isOfPassword ? problem : undefined} />
        <TwoStepSection factor={factor} />
        <SessionsSection sessions={sessions} problem={isOfPassword ? undefined : problem} />
      </Stack>
    </>
  );
}
