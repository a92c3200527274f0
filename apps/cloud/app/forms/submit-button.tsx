import { Button, type ButtonProps } from "@mantine/core";
import { useLocation, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";

/** Sends the form of the page. While it is on its way the button turns and a second click does nothing. */
export function SubmitButton({ children, ...props }: ButtonProps & { children: ReactNode }) {
  const { pathname } = useLocation();
  const { state, formAction } = useNavigation();
  const isBusy = state !== "idle" && formAction?.split("?")[0] === pathname;
  return (
    <Button type="submit" size="md" fullWidth loading={isBusy} {...props}>
      {children}
    </Button>
  );
}
