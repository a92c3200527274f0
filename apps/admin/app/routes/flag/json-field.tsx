import { Textarea, type TextareaProps } from "@mantine/core";

type JsonFieldProps = Omit<TextareaProps, "rows" | "autosize"> & {
  /** What it holds at first, for its height. */
  text: string;
  minRows?: number;
};

const MOST_ROWS = 30;

/** A field for JSON: as high as what it holds, without a measurement that would move the page. */
export function JsonField({ text, minRows = 2, ...props }: JsonFieldProps) {
  const rows = Math.min(MOST_ROWS, Math.max(minRows, text.split("\n").length));
  return (
    <Textarea
      rows={rows}
      resize="vertical"
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      {...props}
    />
  );
}
