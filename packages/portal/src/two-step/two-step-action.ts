import type { Caller } from "@kombify/api";
import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { refusedForm, textFields } from "../form-problem.ts";

type TwoStepApi = Pick<
  Caller["identity"],
  "beginSecondFactor" | "enableSecondFactor" | "disableSecondFactor" | "renewRecoveryCodes"
>;

/**
 * What the forms of the two-step page do. New recovery codes are in the answer to the form and nowhere else; everything
 * else leads back to the page.
 */
export async function actOnTwoStep(api: TwoStepApi, request: ActionFunctionArgs["request"], requestId: string) {
  const { intent = "", password = "", code = "" } = textFields(await request.formData());
  try {
    if (intent === "enable") return await api.enableSecondFactor({ code });
    if (intent === "renew") return await api.renewRecoveryCodes({ code });
    if (intent === "begin") await api.beginSecondFactor({ password });
    if (intent === "disable") await api.disableSecondFactor({ code });
    return redirect(new URL(request.url).pathname);
  } catch (error) {
    return refusedForm(error, { intent }, requestId, { request });
  }
}
