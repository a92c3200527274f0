import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Group, Paper, Radio, Stack, Textarea, TextInput, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import type { SentImport } from "./read-import.ts";

/** Where a file is chosen or pasted. Its button only asks what it would do. */
export function ImportForm({ sent, problem }: { sent: SentImport; problem: FormProblem | undefined }) {
  return (
    <Paper withBorder p="lg" maw={860}>
      <Form method="post" encType="multipart/form-data" noValidate>
        <Stack gap="md">
          <Title order={2} size="h3">
            Import a flagd file
          </Title>
          <TextInput
            // A file that was chosen comes back as its text below, which can be changed there.
            key={`upload ${sent.text}`}
            id="upload"
            name="upload"
            type="file"
            accept="application/json,.json"
            label="File"
            description="At most 4 MiB of JSON."
            maw={420}
          />
          <Textarea
            key={sent.text}
            id="file"
            name="file"
            label="Or paste it"
            defaultValue={sent.text}
            error={fieldError(problem, "file")}
            placeholder={'{"flags": {"new-dashboard": {"state": "ENABLED", ...}}}'}
            rows={10}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            spellCheck={false}
          />
          <Radio.Group name="mode" label="What it does to flags that the file does not name" defaultValue={sent.mode}>
            <Stack gap={6} mt={6}>
              <Radio value="merge" label="Leave them alone" />
              <Radio value="replace" label="Remove them: afterwards there is what the file says and nothing else" />
            </Stack>
          </Radio.Group>
          <TextInput
            id="owner"
            name="owner"
            label="Owner of flags that the file says none of (optional)"
            placeholder="imported"
            defaultValue={sent.owner}
            autoComplete="off"
            maw={420}
          />
          <Group>
            <SubmitButton intent="try">See what it would do</SubmitButton>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
