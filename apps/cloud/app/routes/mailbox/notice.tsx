import { Alert } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";

export function MailboxNotice() {
  return (
    <Alert color="yellow" icon={<IconTool aria-hidden />} title="Development mailbox: nothing is really sent">
      What would be mailed stays here, for whoever uses this computer. With a mail server (SMTP_URL) this page is gone.
    </Alert>
  );
}
