import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Stack } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { Authorities } from "../../certificates/authorities.tsx";
import { RevokeQuestion } from "../../certificates/revoke-question.tsx";
import { SERVICE_TITLES, ServiceCertificates } from "../../certificates/service-certificates.tsx";
import { Section } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { SettingsFrame } from "../../settings/settings-frame.tsx";

const HREF = "/settings/certificates";

export const meta: MetaFunction = () => [{ title: "Certificates · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  return pageAnswer(request, context.requestId, context.api.agents.certificates());
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { serial = "", typedName = "" } = values;
  try {
    const { items } = await context.api.agents.certificates();
    const service = items.find((item) => item.serial === serial)?.service;
    if (service && typedName.trim().toLowerCase() !== service) {
      const message = `Nothing was changed: type ${SERVICE_TITLES[service]} to confirm.`;
      const problem = { message, fields: [{ path: "typedName", message }], values: {}, requestId: "" };
      return data({ problem }, { status: 400 });
    }
    await context.api.agents.revokeCertificate({ serial });
    return redirect(HREF);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Certificates() {
  const { authorities, items } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  const asked = useSearchParams()[0].get("revoke");
  const mayOperate = useMayOperate();
  const certificate = mayOperate ? items.find(({ serial, revokedAt }) => serial === asked && !revokedAt) : undefined;
  const typedName = problem?.fields.find(({ path }) => path === "typedName")?.message;
  return (
    <SettingsFrame description="By what the parts of kombify know each other.">
      <Stack gap="md">
        {problem && !typedName ? <FormErrorSummary message={problem.message} requestId={problem.requestId} /> : null}
        {certificate ? <RevokeQuestion certificate={certificate} backHref={HREF} error={typedName} /> : null}
        <Section title="Authorities">
          <Authorities authorities={authorities} />
        </Section>
        <Section title="Services and gateways">
          <ServiceCertificates
            items={items}
            {...(mayOperate ? { revokeHref: (serial: string) => `${HREF}?revoke=${serial}` } : {})}
          />
        </Section>
      </Stack>
    </SettingsFrame>
  );
}
