import { Button, type ButtonProps } from "@mantine/core";
import { useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";

type IntentButtonProps = ButtonProps & {
  children: ReactNode;
  /** Which of a page's forms this is; sent as the field `intent`. */
  intent: string;
  /** Which thing it is about, where the page has a form for each; sent as the field `id`. */
  id?: string;
};

/** Sends one of several forms of a page. While that is on its way the button turns. */
export function IntentButton({ children, intent, id, ...props }: IntentButtonProps) {
  const { state, formData } = useNavigation();
  const isSent = state !== "idle" && formData?.get("intent") === intent;
  const isBusy = isSent && (id === undefined || formData?.get("id") === id);
  return (
    <>
      {id === undefined ? null : <input type="hidden" name="id" value={id} />}
      <Button type="submit" name="intent" value={intent} loading={isBusy} {...props}>
        {children}
      </Button>
    </>
  );
}
