import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Stack } from "@mantine/core";
import { type ActionFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { NewPasswordField } from "../../forms/password-field.tsx";
import { MIN_PASSWORD_LENGTH } from "../../forms/password-strength.ts";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

export const meta: MetaFunction = () => [{ title: "Choose a new password · kombify" }];

// There is no loader: whether the link is still good is found out with the form. What opens links in mails to look at
// them, as some mail servers do, neither uses it up nor learns anything.
export async function action({ request, params, context }: ActionFunctionArgs) {
  const { password = "" } = textFields(await request.formData());
  try {
    await context.api.identity.resetPassword({ token: params.token ?? "", password });
    return redirect("/login?reset");
  } catch (error) {
    return refusedForm(error, {}, context.requestId);
  }
}

export default function NewPassword() {
  const problem = useActionData<typeof action>()?.problem;
  return (
    <FormPage
      title="Choose a new password"
      lead="You are signed out everywhere then, and sign in with the new one."
      below={
        <Anchor component={PortalLink} href="/reset" underline="always">
          Ask for another link
        </Anchor>
      }
    >
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ password: "Password" }} />
          <NewPasswordField minLength={MIN_PASSWORD_LENGTH} error={fieldError(problem, "password")} />
          <SubmitButton>Set the password</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}
