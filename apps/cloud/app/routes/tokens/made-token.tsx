import type { TokenView } from "@kombify/api/schemas";
import { Button, Code, CopyButton, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useId, useRef } from "react";
import classes from "./tokens.module.css";

type MadeTokenProps = { token: TokenView; secret: string; cloudUrl: string };

/** The secret of a new token, shown this once, and how to use it. */
export function MadeToken({ token, secret, cloudUrl }: MadeTokenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  // The secret is the answer to what was just asked for: keyboard and screen reader go on from here.
  useEffect(() => heading.current?.focus(), []);
  const path = token.scopes.includes("portal:read") ? "/v1/portal/me" : "/v1/stacks";
  return (
    <Paper component="section" withBorder p="lg" aria-labelledby={id} className={classes.made}>
      <Stack gap="md">
        <div>
          <Title order={2} id={id} ref={heading} tabIndex={-1} className={classes.title}>
            Your token {token.name}
          </Title>
          <Text c="dimmed" size="sm">
            Copy it now and keep it like a password. It is not shown again.
          </Text>
        </div>
        <div className={classes.secret}>
          <Code block className={classes.text}>
            {secret}
          </Code>
          <CopyButton value={secret} timeout={2_500}>
            {({ copied, copy }) => (
              <Button
                variant={copied ? "light" : "filled"}
                onClick={copy}
                leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              >
                <span aria-live="polite">{copied ? "Copied" : "Copy the token"}</span>
              </Button>
            )}
          </CopyButton>
        </div>
        <div>
          <Text size="sm" mb={4}>
            To try it in a terminal, paste the token when the first line waits for it:
          </Text>
          <Code block className={classes.text}>
            {`read -rs KOMBIFY_TOKEN\ncurl -H "Authorization: Bearer $KOMBIFY_TOKEN" ${cloudUrl}${path}`}
          </Code>
        </div>
      </Stack>
    </Paper>
  );
}
