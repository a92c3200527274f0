import { Alert } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** Says that a form did what it is for. Announced, and gone with the next page. */
export function DoneNote({ children }: { children: ReactNode }) {
  return (
    <Alert color="green" variant="light" role="status" icon={<IconCheck aria-hidden />}>
      {children}
    </Alert>
  );
}
