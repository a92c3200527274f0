import { fieldError, refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Stack } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { HomelabNameField } from "../../homelab/name-field.tsx";

export const meta: MetaFunction = () => [{ title: "New homelab · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await pageAnswer(request, context.requestId, context.api.identity.me());
  // One key for each time the form is shown: sending it twice creates one homelab.
  return { cloudUrl: context.cloudUrl, idempotencyKey: crypto.randomUUID() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { name = "", idempotencyKey = "" } = values;
  try {
    const api = context.apiWith({ idempotencyKey });
    const { tenant } = await api.tenants.create({ name });
    return redirect(`/welcome?tenant=${tenant.slug}`);
  } catch (error) {
    return refusedForm(error, values, context.requestId);
  }
}

export default function NewHomelab() {
  const { cloudUrl, idempotencyKey } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  return (
    <FormPage
      title="New homelab"
      lead="Separate from your others: its own storage, its own members."
      below={
        <Anchor component={PortalLink} href="/homelab">
          Back to my homelab
        </Anchor>
      }
    >
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary
            message={problem?.message}
            fields={problem?.fields}
            labels={{ name: "Name of your homelab", slug: "Address" }}
          />
          <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
          <HomelabNameField
            name="name"
            cloudUrl={cloudUrl}
            defaultValue={problem?.values.name}
            error={fieldError(problem, "name") ?? fieldError(problem, "slug")}
          />
          <SubmitButton>Create homelab</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}
