import { createTheme, type CSSVariablesResolver } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: { Badge: { defaultProps: { tt: "none" } } },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, Ubuntu, Cantarell, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
});

/** Of text on a light ground of its own colour, as in badges and alerts. */
const INKS = {
  blue: "#104a80",
  gray: "#343a40",
  green: "#1b5e28",
  orange: "#8a2f05",
  red: "#9c1c1c",
  violet: "#4c2aa8",
  yellow: "#6b3d00",
};

/** Some of Mantine's own colours are too faint to be read by everybody. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-anchor": "#1864ab",
    "--mantine-color-error": "#c92a2a",
    ...Object.fromEntries(
      Object.entries(INKS).map(([color, ink]) => [`--mantine-color-${color}-light-color`, ink]),
    ),
  },
  dark: {
    "--mantine-color-dimmed": "#a6a7ab",
    "--mantine-color-anchor": "#8ccbff",
    "--mantine-color-error": "#ff8787",
  },
});
