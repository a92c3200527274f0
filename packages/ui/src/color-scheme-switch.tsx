import {
  Center,
  type MantineColorScheme,
  SegmentedControl,
  useMantineColorScheme,
  VisuallyHidden,
} from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const CHOICES = [
  { value: "light", label: "Light", Icon: IconSun },
  { value: "auto", label: "As the device", Icon: IconDeviceDesktop },
  { value: "dark", label: "Dark", Icon: IconMoon },
] as const;

/** Light, dark, or as the device says. The choice stays in this browser. */
export function ColorSchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isMounted = useMounted();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Colour scheme"
      value={isMounted ? colorScheme : "auto"}
      onChange={(value) => setColorScheme(value as MantineColorScheme)}
      data={CHOICES.map(({ value, label, Icon }) => ({
        value,
        label: (
          <Center title={label} h={20} w={20}>
            <Icon size={15} stroke={1.8} aria-hidden />
            <VisuallyHidden>{label}</VisuallyHidden>
          </Center>
        ),
      }))}
    />
  );
}
