import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  useMantineColorScheme,
  type NavLinkProps,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLogout, IconMoon, IconSun, IconSunMoon, IconUser } from "@tabler/icons-react";
import { createLink, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, type ComponentPropsWithRef } from "react";
import { failed } from "../parts/done.ts";
import { may } from "../session/may.ts";
import type { Sessions } from "../session/session.ts";
import { useSession } from "../session/use-session.ts";
import { LostConnection } from "./lost-connection.tsx";
import { PLACES } from "./places.ts";

type PlaceProps = NavLinkProps & Omit<ComponentPropsWithRef<"a">, keyof NavLinkProps>;
const Place = createLink((props: PlaceProps) => <NavLink component="a" {...props} />);

/** What is around every page: the way to the others, who one is, and whether what is shown is live. */
export function Shell({ sessions }: { sessions: Sessions }) {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const session = useSession();
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a href="#content" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? "Close the menu" : "Open the menu"}
            />
            <img src="/icon.svg" width={24} height={24} alt="" />
            <Text fw={700}>tartfleet</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeButton />
            <WhoMenu sessions={sessions} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {PLACES.filter(({ act }) => act === undefined || may(session, act)).map(({ to, text, Icon }) => (
          <Place
            key={to}
            to={to}
            label={text}
            leftSection={<Icon size={18} aria-hidden />}
            active={to === "/" ? pathname === "/" : pathname.startsWith(to)}
            activeOptions={{ includeSearch: false }}
            search={{}}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content">
        <LostConnection />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

const SCHEMES = {
  auto: { Icon: IconSunMoon, text: "Colours follow the system", next: "light" },
  light: { Icon: IconSun, text: "Light colours", next: "dark" },
  dark: { Icon: IconMoon, text: "Dark colours", next: "auto" },
} as const;

function SchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon, text, next } = SCHEMES[colorScheme];
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={`${text}; change`}
      title={text}
      onClick={() => setColorScheme(next)}
    >
      <Icon size={18} aria-hidden />
    </ActionIcon>
  );
}

function WhoMenu({ sessions }: { sessions: Sessions }) {
  const { name, role, team, version } = useSession();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`Signed in with ${name}`}>
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          Token {name}
          <br />
          role {role}
          {team !== null && `, team ${team}`}
          <br />
          control plane {version}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void sessions.signOut().catch(failed)}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
