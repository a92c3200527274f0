import type { Caller } from "@kombify/api";
import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { serviceProblemOf, whenSignedIn } from "@kombify/portal/service-error";
import { ErrorState } from "@kombify/ui";
import { Button } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Accept, JoinByAccount, OtherAccount } from "./ways-in.tsx";

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [
  { title: `${loaded?.invitation ? `Invitation to ${loaded.invitation.tenantName}` : "Invitation"} · kombify` },
];

/** What the link shows, or why it shows nothing. */
async function look(api: Caller, token: string) {
  try {
    return { invitation: await api.tenants.previewInvitation({ token }), refusal: null, status: 200 };
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null) throw error;
    return { invitation: null, refusal: problem.message, status: problem.status };
  }
}

export async function loader({ params, context }: LoaderFunctionArgs) {
  const { status, ...seen } = await look(context.api, params.token ?? "");
  const me = await whenSignedIn(context.api.identity.me());
  return data({ ...seen, me: me?.user ?? null, idempotencyKey: crypto.randomUUID() }, { status });
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const token = params.token ?? "";
  const values = textFields(await request.formData());
  try {
    if (values.intent === "switch") {
      await whenSignedIn(context.api.identity.logout());
      return redirect(`/invitations/${encodeURIComponent(token)}`);
    }
    if (values.intent === "accept") {
      const { tenant } = await context.api.tenants.acceptInvitation({ token });
      return redirect(`/homelab?tenant=${tenant.slug}`);
    }
    const { name = "", password = "", idempotencyKey = "" } = values;
    // The address is the invitation's, whatever the form says.
    const { email } = await context.api.tenants.previewInvitation({ token });
    const api = context.apiWith({ idempotencyKey });
    const { tenant } = await api.identity.register({ email, password, invitation: token, ...(name ? { name } : {}) });
    return redirect(`/homelab?tenant=${tenant.slug}`);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Invitation() {
  const { invitation, refusal, me, idempotencyKey } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  if (invitation === null)
    return (
      <ErrorState
        title="This invitation does not work"
        actions={
          <Button component={PortalLink} href={me ? "/homelab" : "/login"}>
            {me ? "Go to my homelab" : "Sign in"}
          </Button>
        }
      >
        {refusal}
      </ErrorState>
    );
  if (me === null) return <JoinByAccount {...{ invitation, problem, idempotencyKey }} />;
  return me.email === invitation.email ? (
    <Accept invitation={invitation} problem={problem} />
  ) : (
    <OtherAccount invitation={invitation} myEmail={me.email} />
  );
}
