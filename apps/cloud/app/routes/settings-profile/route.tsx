import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { IntentButton } from "@kombify/portal/intent-button";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary, PageHeader } from "@kombify/ui";
import { Group, Paper, Stack, TextInput } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { DoneNote } from "../../settings/done-note.tsx";

export const meta: MetaFunction = () => [{ title: "Profile · Settings · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { user } = await pageAnswer(request, context.requestId, context.api.identity.me());
  return { user, isSaved: new URL(request.url).searchParams.has("saved") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    await context.api.identity.updateProfile({ name: values.name ?? "" });
    return redirect("/settings?saved");
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Profile() {
  const { user, isSaved } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  return (
    <>
      <PageHeader title="Profile" />
      <Paper withBorder p="lg">
        <Form method="post" noValidate>
          <Stack gap="md">
            {isSaved && !problem ? <DoneNote>Saved.</DoneNote> : null}
            <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ name: "Name" }} />
            <TextInput
              id="name"
              name="name"
              label="Name"
              autoComplete="name"
              maxLength={100}
              defaultValue={problem?.values.name ?? user.name}
              error={fieldError(problem, "name")}
            />
            <TextInput
              label="E-mail"
              description="What you sign in with. It cannot be changed here."
              value={user.email}
              readOnly
              variant="filled"
            />
            <Group>
              <IntentButton intent="save">Save</IntentButton>
            </Group>
          </Stack>
        </Form>
      </Paper>
    </>
  );
}
