import { type FormProblem, refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { PageHeader } from "@kombify/ui";
import { Anchor } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { presetOf, type VariantForm, variantFormFrom } from "../../flags/variant-form.ts";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { requireOperator } from "../../frame/staff.ts";
import { NewFlagForm } from "./new-flag-form.tsx";
import { readNewFlag } from "./read-new-flag.ts";

export const meta: MetaFunction = () => [{ title: "New flag · kombify Admin" }];

/** How long a temporary flag is thought to be needed, days. */
const SUGGESTED_DAYS = 90;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const me = api.identity.staffMe();
  await requireOperator(request, requestId, me);
  const { staff } = await pageAnswer(request, requestId, me);
  const expiresAt = new Date(Date.now() + SUGGESTED_DAYS * 86_400_000).toISOString().slice(0, 10);
  return { owner: staff.email, expiresAt };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const sent = await request.formData();
  const values = textFields(sent);
  const variants = variantFormFrom(sent);
  const shown = { values, variants };
  // Without script, the form is sent for another type or one more row; nothing is saved.
  if (sent.get("intent") === "type") return { ...shown, variants: presetOf(variants.type), problem: null };
  if (sent.get("intent") === "row")
    return { ...shown, variants: { ...variants, rows: [...variants.rows, { name: "", value: "" }] }, problem: null };
  const { input, problems } = readNewFlag(sent);
  if (input === null) {
    const message = problems.length === 1 ? "One thing to correct" : `${problems.length} things to correct`;
    const problem: FormProblem = { message, fields: problems, values, requestId: context.requestId };
    return data({ ...shown, problem }, { status: 400 });
  }
  try {
    const { flag } = await context.api.flags.save(input);
    return redirect(flag === null ? "/flags/changes" : `/flags/${flag.key}`);
  } catch (error) {
    const refused = refusedForm(error, values, context.requestId, { request });
    const { problem } = refused.data;
    const fields = problem.fields.map(({ path, message }) => ({ path: fieldOfVariants(path, variants), message }));
    return data({ ...shown, problem: { ...problem, fields } }, refused.init ?? {});
  }
}

/** `definition.variants.blue` is the value in the row of that name. */
function fieldOfVariants(path: string, { rows }: VariantForm): string {
  const [, variants, ...name] = path.split(".");
  const at = rows.findIndex((row) => row.name.trim() === name.join("."));
  return variants === "variants" ? `variant-${Math.max(0, at)}.value` : path.replace(/^definition[.]/, "");
}

export default function NewFlag() {
  const suggested = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const problem = answer?.problem ?? undefined;
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/flags" size="sm">
            Flags
          </Anchor>
        }
        title="New flag"
        description="It gives its default to everybody until it has rules, which come next."
      />
      <NewFlagForm suggested={suggested} values={answer?.values} variants={answer?.variants} problem={problem} />
    </>
  );
}
