import type { FlagDifference } from "@kombify/api/schemas";
import { Code, List, Text } from "@mantine/core";

const Value = ({ children }: { children: string }) => (
  <Code style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{children}</Code>
);

/** What is different, one line each: what it was and what it becomes. */
export function Differences({ differences }: { differences: readonly FlagDifference[] }) {
  return (
    <List size="sm" spacing={4}>
      {differences.map(({ what, before, after }) => (
        <List.Item key={what}>
          <Text span size="sm" fw={500}>
            {what}
          </Text>
          {": "}
          {before === null ? "" : <Value>{before}</Value>}
          {before !== null && after !== null ? " becomes " : ""}
          {after === null ? " is removed" : <Value>{after}</Value>}
          {before === null ? " is added" : ""}
        </List.Item>
      ))}
    </List>
  );
}
