import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Stack, Text, TextInput } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

export const meta: MetaFunction = () => [{ title: "Forgot your password? · kombify" }];

export const loader = ({ request }: LoaderFunctionArgs) => ({
  isAsked: new URL(request.url).searchParams.has("sent"),
});

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    await context.api.identity.requestReset({ email: values.email ?? "" });
    return redirect("/reset?sent");
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

const back = (
  <Anchor component={PortalLink} href="/login" underline="always">
    Back to signing in
  </Anchor>
);

export default function ForgotPassword() {
  const { isAsked } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  if (isAsked && !problem)
    return (
      <FormPage title="Look into your mail" below={back}>
        <Stack gap="sm" role="status">
          <Text>If there is an account with this address, a mail with a link is on its way to it.</Text>
          <Text c="dimmed">
            The link is good for one hour. No mail? Look among the unwanted ones, or{" "}
            <Anchor component={PortalLink} href="/reset" inherit underline="always">
              ask again
            </Anchor>
            .
          </Text>
        </Stack>
      </FormPage>
    );
  return (
    <FormPage title="Forgot your password?" lead="We mail you a link to choose a new one." below={back}>
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ email: "E-mail" }} />
          <TextInput
            id="email"
            name="email"
            type="email"
            label="E-mail"
            autoComplete="username"
            defaultValue={problem?.values.email}
            error={fieldError(problem, "email")}
          />
          <SubmitButton mt="xs">Mail me a link</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}
