import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { BeginAgain, secondStepPath } from "@kombify/portal/second-step";
import { safeNext, whenSignedIn } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Alert, Anchor, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { ProviderButtons } from "../../sign-in/provider-buttons.tsx";
import { providerProblem } from "../../sign-in/provider-problem.ts";

export const meta: MetaFunction = () => [{ title: "Sign in · kombify" }];

const LABELS = { email: "E-mail", password: "Password" };

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const next = safeNext(searchParams.get("next"), "/homelab");
  if (await whenSignedIn(context.api.identity.me())) throw redirect(next);
  const { items: providers } = await context.api.identity.providers();
  const refused = providerProblem(searchParams, providers);
  return { next, isAgain: searchParams.has("again"), isReset: searchParams.has("reset"), providers, refused };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { email = "", password = "" } = values;
  try {
    const next = safeNext(values.next, "/homelab");
    const answer = await context.api.identity.login({ email, password });
    return redirect("secondFactor" in answer ? secondStepPath(next) : next);
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

export default function SignIn() {
  const { next, isAgain, isReset, providers, refused } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  return (
    <FormPage
      title="Sign in"
      below={
        <>
          New here?{" "}
          <Anchor component={PortalLink} href="/signup" underline="always">
            Create your homelab
          </Anchor>
        </>
      }
    >
      <Form method="post" noValidate>
        <Stack gap="md">
          {isAgain && !problem ? <BeginAgain /> : null}
          {isReset && !problem ? (
            <Alert color="green" variant="light" role="status" title="Your password is changed">
              Sign in with the new one. You were signed out everywhere.
            </Alert>
          ) : null}
          <FormErrorSummary
            message={problem?.message ?? refused ?? undefined}
            fields={problem?.fields}
            labels={LABELS}
          />
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
          <SubmitButton mt="xs">Sign in</SubmitButton>
          <Text ta="center" size="sm">
            <Anchor component={PortalLink} href="/reset" inherit>
              Forgot your password?
            </Anchor>
          </Text>
        </Stack>
      </Form>
      <ProviderButtons providers={providers} next={next} />
    </FormPage>
  );
}
