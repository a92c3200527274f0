import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { firstStepAgainPath, SecondStepForm } from "@kombify/portal/second-step";
import { safeNext, serviceProblemOf, whenSignedIn } from "@kombify/portal/service-error";
import { Paper, Stack, Text, Title } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import classes from "../login/login.module.css";

export const meta: MetaFunction = () => [{ title: "Enter your code · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const next = safeNext(new URL(request.url).searchParams.get("next"), "/");
  if (await whenSignedIn(context.api.identity.staffMe())) throw redirect(next);
  const { isAsked } = await context.api.identity.challenge();
  if (!isAsked) throw redirect(firstStepAgainPath(next));
  return { next };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { code = "", next: asked } = textFields(await request.formData());
  const next = safeNext(asked, "/");
  try {
    await context.api.identity.staffConfirmSecondFactor({ code });
    return redirect(next);
  } catch (error) {
    if (serviceProblemOf(error)?.code === "PRECONDITION") return redirect(firstStepAgainPath(next));
    return refusedForm(error, {}, context.requestId);
  }
}

export default function EnterCode() {
  const { next } = useLoaderData<typeof loader>();
  return (
    <div className={classes.page}>
      <Stack gap={4} mb="lg">
        <Title order={1}>Enter your code</Title>
        <Text c="dimmed">Your password was right. One more step.</Text>
      </Stack>
      <Paper withBorder shadow="xs" className={classes.card}>
        <SecondStepForm next={next} problem={useActionData<typeof action>()?.problem} />
      </Paper>
    </div>
  );
}
