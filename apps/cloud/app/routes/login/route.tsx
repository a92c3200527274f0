import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { safeNext, whenSignedIn } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, PasswordInput, Stack, TextInput } from "@mantine/core";
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
  const next = safeNext(new URL(request.url).searchParams.get("next"), "/homelab");
  if (await whenSignedIn(context.api.identity.me())) throw redirect(next);
  const { items: providers } = await context.api.identity.providers();
  return { next, providers, refused: providerProblem(new URL(request.url).searchParams, providers) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { email = "", password = "" } = values;
  try {
    await context.api.identity.login({ email, password });
    return redirect(safeNext(values.next, "/homelab"));
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

export default function SignIn() {
  const { next, providers, refused } = useLoaderData<typeof loader>();
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
        </Stack>
      </Form>
      <ProviderButtons providers={providers} next={next} />
    </FormPage>
  );
}
