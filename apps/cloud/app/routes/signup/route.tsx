import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { whenSignedIn } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Stack, TextInput } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { NewPasswordField } from "../../forms/password-field.tsx";
import { MIN_PASSWORD_LENGTH } from "../../forms/password-strength.ts";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { HomelabNameField } from "../../homelab/name-field.tsx";
import { ProviderButtons } from "../../sign-in/provider-buttons.tsx";

export const meta: MetaFunction = () => [{ title: "Create your homelab · kombify" }];

const LABELS = { email: "E-mail", password: "Password", tenantName: "Name of your homelab" };

export async function loader({ context }: LoaderFunctionArgs) {
  if (await whenSignedIn(context.api.identity.me())) throw redirect("/homelab");
  // One key for each time the form is shown: sending it twice signs up once.
  const { items: providers } = await context.api.identity.providers();
  return { cloudUrl: context.cloudUrl, idempotencyKey: crypto.randomUUID(), providers };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { email = "", password = "", tenantName, idempotencyKey = "" } = values;
  try {
    const api = context.apiWith({ idempotencyKey });
    const { tenant } = await api.identity.register({ email, password, ...(tenantName ? { tenantName } : {}) });
    return redirect(`/welcome?tenant=${tenant.slug}`);
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

export default function SignUp() {
  const { cloudUrl, idempotencyKey, providers } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  return (
    <FormPage
      title="Create your homelab"
      lead="It is ready a few seconds from now."
      below={
        <>
          Have one already?{" "}
          <Anchor component={PortalLink} href="/login" underline="always">
            Sign in
          </Anchor>
        </>
      }
    >
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={LABELS} />
          <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
          <TextInput
            id="email"
            name="email"
            type="email"
            label="E-mail"
            autoComplete="email"
            defaultValue={problem?.values.email}
            error={fieldError(problem, "email")}
          />
          <NewPasswordField minLength={MIN_PASSWORD_LENGTH} error={fieldError(problem, "password")} />
          <HomelabNameField
            name="tenantName"
            cloudUrl={cloudUrl}
            defaultValue={problem?.values.tenantName}
            error={fieldError(problem, "tenantName")}
          />
          <SubmitButton>Create my homelab</SubmitButton>
        </Stack>
      </Form>
      <ProviderButtons providers={providers} />
    </FormPage>
  );
}
