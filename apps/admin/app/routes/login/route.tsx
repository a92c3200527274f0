import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { BeginAgain, secondStepPath } from "@kombify/portal/second-step";
import { safeNext, whenSignedIn } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import classes from "./login.module.css";

export const meta: MetaFunction = () => [{ title: "Sign in · kombify Admin" }];

const LABELS = { email: "E-mail", password: "Password" };

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const next = safeNext(searchParams.get("next"), "/");
  if (await whenSignedIn(context.api.identity.staffMe())) throw redirect(next);
  return { next, isAgain: searchParams.has("again") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { email = "", password = "" } = values;
  try {
    const next = safeNext(values.next, "/");
    const answer = await context.api.identity.staffLogin({ email, password });
    return redirect("secondFactor" in answer ? secondStepPath(next) : next);
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

export default function SignIn() {
  const { next, isAgain } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  return (
    <div className={classes.page}>
      <Stack gap={4} mb="lg">
        <Title order={1}>Sign in</Title>
        <Text c="dimmed">The Admin center is for the people who run kombify.</Text>
      </Stack>
      <Paper withBorder shadow="xs" className={classes.card}>
        <Form method="post" noValidate>
          <Stack gap="md">
            {isAgain && !problem ? <BeginAgain /> : null}
            <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={LABELS} />
            <input type="hidden" name="next" value={next} />
            <TextInput
              id="email"
              name="email"
              type="email"
              label="E-mail"
              autoComplete="username"
              defaultValue={problem?.values.email}
              error={fieldError(problem, "email")}
            />
            <PasswordInput
              id="password"
              name="password"
              label="Password"
              autoComplete="current-password"
              error={fieldError(problem, "password")}
              aria-invalid={fieldError(problem, "password") !== undefined}
              visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
            />
            <SubmitButton size="md" fullWidth mt="xs">
              Sign in
            </SubmitButton>
          </Stack>
        </Form>
      </Paper>
    </div>
  );
}
