import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { firstStepAgainPath, SecondStepForm } from "@kombify/portal/second-step";
import { safeNext, serviceProblemOf, whenSignedIn } from "@kombify/portal/service-error";
import { Anchor } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

export const meta: MetaFunction = () => [{ title: "Enter your code · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const next = safeNext(new URL(request.url).searchParams.get("next"), "/homelab");
  if (await whenSignedIn(context.api.identity.me())) throw redirect(next);
  const { isAsked } = await context.api.identity.challenge();
  if (!isAsked) throw redirect(firstStepAgainPath(next));
  return { next };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { code = "", next: asked } = textFields(await request.formData());
  const next = safeNext(asked, "/homelab");
  try {
    await context.api.identity.confirmSecondFactor({ code });
    return redirect(next);
  } catch (error) {
    if (serviceProblemOf(error)?.code === "PRECONDITION") return redirect(firstStepAgainPath(next));
    return refusedForm(error, {}, context.requestId);
  }
}

export default function EnterCode() {
  const { next } = useLoaderData<typeof loader>();
  return (
    <FormPage
      title="Enter your code"
      lead="Your password was right. One more step."
      below={
        <Anchor component={PortalLink} href="/login" underline="always">
          Sign in with another account
        </Anchor>
      }
    >
      <SecondStepForm next={next} problem={useActionData<typeof action>()?.problem} />
    </FormPage>
  );
}
