import type { FlagView } from "@kombify/api/schemas";
import { FormErrorSummary } from "@kombify/ui";
import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconVersions } from "@tabler/icons-react";
import { useState } from "react";
import { draftOf } from "./definition-draft.ts";
import type { Draft } from "./draft.ts";
import { problemLabels } from "./problem-labels.ts";
import type { Problem } from "./read-draft.ts";
import { RulesForm } from "./rules-form.tsx";

/** What came back from the server: a draft that was refused, that grew by a field, or that goes on being edited. */
export type SentDraft = { draft: Draft; problems: Problem[]; message: string | undefined; requestId: string };

type EditorProps = {
  flag: FlagView;
  sent: SentDraft | undefined;
  segments: readonly string[];
  flagKeys: readonly string[];
};

/** The editor, and what it does when the flag changes under it: it follows while nothing was typed, and else says so. */
export function Editor({ flag, sent, segments, flagKeys }: EditorProps) {
  const begin = (from: SentDraft | undefined, generation: number) => ({
    sent: from,
    draft: from?.draft ?? draftOf(flag),
    isTouched: from !== undefined,
    isShown: from !== undefined,
    generation,
  });
  const [state, setState] = useState(() => begin(sent, 0));
  if (state.sent !== sent && sent !== undefined) setState(begin(sent, state.generation + 1));
  const isOlder = state.draft.version !== flag.version;
  const beginAnew = () => setState({ ...begin(undefined, state.generation + 1), sent: state.sent });
  if (isOlder && !state.isTouched) beginAnew();
  const shown = state.isShown ? state.sent : undefined;
  const problems = shown?.problems ?? [];
  return (
    <Stack gap="md">
      <FormErrorSummary
        message={shown?.message}
        fields={problems}
        labels={problemLabels(state.draft, problems)}
        requestId={shown?.requestId || undefined}
      />
      {isOlder && state.isTouched ? (
        <Alert
          color="yellow"
          variant="light"
          icon={<IconVersions aria-hidden />}
          title="The flag has changed meanwhile"
        >
          <Text size="sm" mb="xs">
            You edit version {state.draft.version}; version {flag.version} is in force now, as it stands above.
            Reviewing shows both. What you have typed stays until you begin anew.
          </Text>
          <Button variant="default" size="xs" onClick={beginAnew}>
            Begin anew from version {flag.version}
          </Button>
        </Alert>
      ) : null}
      <RulesForm
        key={state.generation}
        flag={flag}
        draft={state.draft}
        problems={problems}
        segments={segments}
        flagKeys={flagKeys}
        onTouch={() => {
          if (!state.isTouched) setState({ ...state, isTouched: true });
        }}
      />
    </Stack>
  );
}
