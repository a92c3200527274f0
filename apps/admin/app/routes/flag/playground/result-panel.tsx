import type { PlaygroundView } from "@kombify/api/schemas";
import { EmptyState } from "@kombify/ui";
import { Code, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { Fact, Facts, Section } from "../../../frame/section.tsx";
import { VariantName } from "../variant-name.tsx";
import { Bucket } from "./bucket.tsx";
import classes from "./playground.module.css";

type ResultPanelProps = { result: PlaygroundView | null; variants: readonly string[] };

/** What comes out, and why: what decided, which conditions held, on which share it fell. */
export function ResultPanel({ result, variants }: ResultPanelProps) {
  if (result === null)
    return (
      <Section title="What it gives">
        <EmptyState icon={IconPlayerPlay} title="Nothing is tried yet">
          Say for whom, and this says what the flag gives there, and why. Leave everything empty to try it for nobody in
          particular.
        </EmptyState>
      </Section>
    );
  const { hasValue, value, variant, bucket, steps } = result;
  return (
    <Section title="What it gives">
      <Stack gap="md">
        <div role="status">
          <p className={classes.value}>{hasValue ? JSON.stringify(value) : "No value"}</p>
          <Text size="sm">{result.words}</Text>
          {result.error ? (
            <Text size="sm" c="red">
              {result.error}
            </Text>
          ) : null}
        </div>
        <Facts>
          <Fact name="Variant">
            <VariantName variant={variant} variants={variants} />
          </Fact>
          <Fact name="Decided by">{decidedWords(result.decidedBy)}</Fact>
          <Fact name="Reason">
            <Code>{result.reason}</Code>
          </Fact>
        </Facts>
        {bucket ? <Bucket bucket={bucket} variants={variants} /> : null}
        {steps.length > 0 ? (
          <div>
            <Text size="sm" fw={600} mb={4}>
              Looked at, in this order
            </Text>
            <ol className={classes.steps}>
              {steps.map(({ words, holds }, at) => (
                // Two conditions may read the same; their place is their identity.
                <li key={at}>
                  <Group gap={8} wrap="nowrap" align="flex-start">
                    {holds ? (
                      <IconCheck
                        size={16}
                        color="var(--mantine-color-green-text)"
                        aria-hidden
                        className={classes.icon}
                      />
                    ) : (
                      <IconX size={16} color="var(--mantine-color-dimmed)" aria-hidden className={classes.icon} />
                    )}
                    <Text size="sm">
                      {words}{" "}
                      <Text span size="sm" c="dimmed">
                        {holds ? "holds" : "does not hold"}
                      </Text>
                    </Text>
                  </Group>
                </li>
              ))}
            </ol>
          </div>
        ) : null}
        <details>
          <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
            What it was evaluated with
          </Text>
          <Code block mt="xs">
            {JSON.stringify(result.context, null, 2)}
          </Code>
        </details>
      </Stack>
    </Section>
  );
}

const DECIDERS: Record<string, string> = {
  default: "The default variant",
  override: "An override of this homelab",
  killed: "The kill switch",
  prerequisite: "A prerequisite that is missing",
  disabled: "The flag is disabled",
  targeting: "The targeting",
  otherwise: "What is given otherwise",
};

const decidedWords = (by: string): string => DECIDERS[by] ?? by.replace(/^rule-(\d+)$/, "Rule $1");
