import { List, Text } from "@mantine/core";

/** A rule in words, a line each. */
export function RuleWords({ words }: { words: readonly string[] }) {
  if (words.length === 1) return <Text size="sm">{words[0]}</Text>;
  return (
    <List type="ordered" size="sm" spacing={4} style={{ overflowWrap: "anywhere" }}>
      {words.map((line, at) => (
        // Two rules may read the same; their place is their identity.
        <List.Item key={at}>{line}</List.Item>
      ))}
    </List>
  );
}
