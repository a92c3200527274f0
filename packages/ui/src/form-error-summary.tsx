import { Alert, Anchor, List, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useEffect, useRef } from "react";

/** `path` is the field's name and the `id` of its input. */
export type FormFieldError = { path: string; message: string };

type FormErrorSummaryProps = {
  /** What went wrong as a whole. Nothing is shown without it. */
  message: string | undefined;
  fields?: readonly FormFieldError[] | undefined;
  /** What to call each field, by path; the path's own words otherwise. */
  labels?: Readonly<Record<string, string>>;
  requestId?: string | undefined;
};

/**
 * Stands above a form that was refused: says why, links to each refused field, is announced, and takes the focus so
 * that keyboard and screen-reader users land on it.
 */
export function FormErrorSummary({ message, fields = [], labels = {}, requestId }: FormErrorSummaryProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (message !== undefined) box.current?.focus();
  }, [message]);
  if (message === undefined) return null;
  return (
    <Alert
      ref={box}
      tabIndex={-1}
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertCircle aria-hidden />}
      title={message}
    >
      {fields.length > 0 ? (
        <List size="sm" spacing={2}>
          {fields.map((field) => (
            <List.Item key={`${field.path} ${field.message}`}>
              <Anchor href={`#${field.path}`} c="inherit" underline="always" size="sm">
                {labels[field.path] ?? field.path}
              </Anchor>
              : {field.message}
            </List.Item>
          ))}
        </List>
      ) : null}
      {requestId ? <Text size="xs">Request {requestId}</Text> : null}
    </Alert>
  );
}
