import type { ImportedFlagsView } from "@kombify/api/schemas";
import { StatusPill } from "@kombify/ui";
import { Alert, Anchor, Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import { IconCircleCheck } from "@tabler/icons-react";
import { Differences } from "../../flags/differences.tsx";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { importSummary } from "./import-words.ts";
import type { SentImport } from "./read-import.ts";

type Item = ImportedFlagsView["items"][number];

const hrefOf = ({ noun, key }: Item) => (noun === "flag" ? `/flags/${key}` : `/flags/segments/${key}`);

/** What an import would do, with the button that does it; or what it did. */
export function ImportResult({ result, sent }: { result: ImportedFlagsView; sent: SentImport }) {
  const { dryRun, items } = result;
  const changed = items.filter(({ outcome }) => outcome !== "unchanged");
  const removed = items.filter(({ outcome }) => outcome === "removed");
  const summary = importSummary(result);
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="result">
      <Stack gap="md">
        {dryRun ? (
          <Stack gap={4} role="status">
            <Title order={2} size="h3" id="result">
              What it would do
            </Title>
            <Text>{summary}</Text>
          </Stack>
        ) : (
          <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
            <span id="result">Imported. {summary}</span>
          </Alert>
        )}
        {changed.map((item) => (
          <div key={`${item.noun} ${item.key}`}>
            <Group gap="xs">
              <Text span size="sm" c="dimmed">
                {item.noun}
              </Text>
              <Text span size="sm" fw={600} ff="monospace" style={{ overflowWrap: "anywhere" }}>
                {dryRun || item.outcome === "removed" ? (
                  item.key
                ) : (
                  <Anchor component={PortalLink} href={hrefOf(item)} inherit>
                    {item.key}
                  </Anchor>
                )}
              </Text>
              <StatusPill state={item.outcome} size="sm" />
            </Group>
            {item.outcome === "updated" || item.outcome === "waiting_for_approval" ? (
              <Differences differences={item.differences} />
            ) : null}
          </div>
        ))}
        {dryRun && changed.length > 0 ? <ImportQuestion sent={sent} removed={removed} /> : null}
      </Stack>
    </Paper>
  );
}

/** Sends exactly what was looked at, whatever stands in the form below by now. */
function ImportQuestion({ sent, removed }: { sent: SentImport; removed: Item[] }) {
  const isReplace = sent.mode === "replace";
  return (
    <Form method="post" encType="multipart/form-data">
      <input type="hidden" name="file" value={sent.text} />
      <input type="hidden" name="mode" value={sent.mode} />
      <input type="hidden" name="owner" value={sent.owner} />
      <Stack gap="sm">
        {isReplace ? (
          <>
            {removed.length > 0 ? (
              <>
                <Text size="sm" fw={600}>
                  It removes what the file does not name:
                </Text>
                <List size="sm">
                  {removed.map((item) => (
                    <List.Item key={`${item.noun} ${item.key}`}>
                      {item.noun}{" "}
                      <Text span ff="monospace" size="sm">
                        {item.key}
                      </Text>
                    </List.Item>
                  ))}
                </List>
              </>
            ) : null}
            <TextInput
              id="typedWord"
              name="typedWord"
              label="Type replace to confirm"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              maw={300}
            />
          </>
        ) : null}
        <Group>
          <SubmitButton intent="import" {...(removed.length > 0 ? { color: "red" } : {})}>
            Import
          </SubmitButton>
          <Button component={PortalLink} href="/flags/import" variant="default">
            Start again
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}
