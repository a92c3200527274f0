import { Group, PasswordInput, Progress, Text } from "@mantine/core";
import { useState } from "react";
import { passwordStrength } from "./password-strength.ts";

const COLORS = ["gray.5", "red.7", "yellow.7", "green.7"] as const;

type NewPasswordFieldProps = { minLength: number; error: string | undefined; name?: string; label?: string };

/** A password to be chosen, with a meter that speaks up once something is typed. Its place is kept from the start. */
export function NewPasswordField({ minLength, error, name = "password", label = "Password" }: NewPasswordFieldProps) {
  const [password, setPassword] = useState("");
  const strength = passwordStrength(password, minLength);
  return (
    <div>
      <PasswordInput
        id={name}
        name={name}
        label={label}
        description={`At least ${minLength} characters. A few words are easy to remember.`}
        autoComplete="new-password"
        error={error}
        aria-invalid={error !== undefined}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
      />
      <Group gap="xs" wrap="nowrap" mt={8} mih={22} style={{ visibility: password === "" ? "hidden" : "visible" }}>
        <Progress
          value={(strength.score + 1) * 25}
          color={COLORS[strength.score]}
          size={6}
          w={72}
          flex="none"
          aria-hidden
        />
        <Text size="sm" c="dimmed" aria-live="polite">
          {password === "" ? "" : `${strength.label}. ${strength.advice}`}
        </Text>
      </Group>
    </div>
  );
}
