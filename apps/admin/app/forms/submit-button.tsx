import { Button, type ButtonProps } from "@mantine/core";
import { useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";

type SubmitButtonProps = ButtonProps & {
  children: ReactNode;
  /** Which of a page's forms this is; sent as the field `intent`. */
  intent?: string;
};

/** Sends its form. While that is on its way the button turns and a second click does nothing. */
export function SubmitButton({ children, intent, ...props }: SubmitButtonProps) {
  const { state, formMethod, formData } = useNavigation();
  const isSent = state !== "idle" && formMethod === "POST";
  const isBusy = isSent && (intent === undefined || formData?.get("intent") === intent);
  return (
    <Button
      type="submit"
      loading={isBusy}
      {...(intent === undefined ? {} : { name: "intent", value: intent })}
      {...props}
    >
      {children}
    </Button>
  );
}
