import { Button, Group, List, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useId, useState } from "react";

type ConfirmDangerProps = {
  isOpen: boolean;
  onClose: () => void;
  /** The question: "Cut off stack-2?" */
  title: string;
  /** What it will do, one sentence each, with numbers. */
  effects: readonly ReactNode[];
  /** Whether and how it can be undone. */
  undo: ReactNode;
  /** What must be typed. */
  name: string;
  /** The button: a verb and its object. */
  action: string;
  isPending?: boolean;
  error?: string | undefined;
  onConfirm: () => void;
};

/** Asks before a dangerous thing: says what will happen and wants the name typed. */
export function ConfirmDanger(props: ConfirmDangerProps) {
  const { isOpen, onClose, title, effects, undo, name, action, isPending = false, error, onConfirm } = props;
  const [typed, setTyped] = useState("");
  const [isRefused, setIsRefused] = useState(false);
  const fieldId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === name) onConfirm();
    else setIsRefused(true);
  };
  const close = () => {
    setTyped("");
    setIsRefused(false);
    onClose();
  };
  return (
    // The scroll lock would write a style element without the page's nonce. The title stands in the body, because a
    // dialog's header element would be a second banner of the page.
    <Modal.Root opened={isOpen} onClose={close} centered lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body p="lg">
          <form onSubmit={submit} noValidate>
            <Stack>
              <Modal.Title fz="h3" fw={650}>
                {title}
              </Modal.Title>
              <List size="sm">
                {effects.map((effect, at) => (
                  // The effects are fixed sentences of one question; their place is their identity.
                  <List.Item key={at}>{effect}</List.Item>
                ))}
              </List>
              <Text size="sm" c="dimmed">
                {undo}
              </Text>
              <TextInput
                id={fieldId}
                label={`Type ${name} to confirm`}
                value={typed}
                onChange={(event) => {
                  setTyped(event.currentTarget.value);
                  setIsRefused(false);
                }}
                error={error ?? (isRefused ? `This is not the name. Type ${name}.` : undefined)}
                autoComplete="off"
                spellCheck={false}
                data-autofocus
              />
              <Group justify="flex-end">
                <Button variant="default" onClick={close}>
                  Keep it as it is
                </Button>
                <Button type="submit" color="red" loading={isPending}>
                  {action}
                </Button>
              </Group>
            </Stack>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
