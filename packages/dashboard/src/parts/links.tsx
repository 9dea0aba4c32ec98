import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink, useRouter } from "@tanstack/react-router";
import type { ComponentPropsWithRef, MouseEvent } from "react";

type Plain = Omit<ComponentPropsWithRef<"a">, keyof AnchorProps>;

/** A link to one of our own pages. */
export const PageLink = createLink((props: AnchorProps & Plain) => <Anchor inherit {...props} />);

/** The same, where the address was put together elsewhere. */
export function HrefLink({ href, ...props }: AnchorProps & Plain & { href: string }) {
  const follow = useFollow();
  return <Anchor inherit {...props} href={href} onClick={(event) => follow(event, href)} />;
}

/** Follows a link without loading the page anew, where the click does not ask for a new window. */
export function useFollow(): (event: MouseEvent, href: string) => void {
  const router = useRouter();
  return (event, href) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ href });
  };
}
