import { basename, join } from "node:path";
import { ImagesError } from "./images-error.ts";
import type { Release } from "./templates/release.ts";

export const LAYERS = ["vanilla", "sip", "base", "xcode", "runner"] as const;
type Layer = (typeof LAYERS)[number];

/** What of a release is to be built. */
export interface Choice {
  release: Release;
  xcode?: { version: string; xip: string; sha256?: string | undefined } | undefined;
  /** Other variables of the templates. */
  variables: Readonly<Record<string, string>>;
  /** Folder of restore images on this Mac. */
  downloads: string;
  /** Folder of the templates. */
  folder: string;
}

export interface Step {
  name: "restore-image" | "plugin" | Layer;
  /** The VM, or the file, that is there afterwards. */
  makes: string;
  from?: string;
  /** One after the other, as they are run. */
  commands: string[][];
  /** The longest that it may take; waits for the screen have no limit of their own. */
  limitMinutes: number;
}

const LIMIT_MINUTES: Readonly<Record<Layer, number>> = {
  vanilla: 150,
  sip: 30,
  base: 120,
  xcode: 240,
  runner: 60,
};

/** From nothing to the image with runners, in order. */
export function planSteps(choice: Choice): Step[] {
  const ipsw = restoreImagePath(choice);
  return [
    {
      name: "restore-image",
      makes: ipsw,
      commands: [fetchCommand(choice.release.ipsw_url, ipsw), sumCommand(choice.release.ipsw_sha256, ipsw)],
      limitMinutes: 120,
    },
    {
      name: "plugin",
      makes: "packer-plugin-tart",
      commands: [["packer", "init", choice.folder]],
      limitMinutes: 10,
    },
    ...layersOf(choice).map((layer) => layerStep(choice, layer)),
  ];
}

/** The steps from a layer on, e.g. after one that failed. @throws ImagesError when there is no such layer */
export function stepsFrom(steps: readonly Step[], from: string): Step[] {
  const first = steps.findIndex(({ name }) => name === from);
  if (first !== -1) return steps.slice(first);
  const names = steps.map(({ name }) => name).join(", ");
  throw new ImagesError("invalid_choice", `There is no step ${from} in this plan`, `There are: ${names}.`);
}

function layersOf({ release, xcode }: Choice): Layer[] {
  return LAYERS.filter(
    (layer) => (layer !== "sip" || release.sip === "off") && (layer !== "xcode" || xcode !== undefined),
  );
}

function layerStep(choice: Choice, layer: Layer): Step {
  const below = layersOf(choice)[layersOf(choice).indexOf(layer) - 1];
  const from = below === undefined ? undefined : vmName(choice, below);
  return {
    name: layer,
    makes: vmName(choice, layer),
    ...(from === undefined ? {} : { from }),
    commands: [
      [
        "packer",
        "build",
        "-color=false",
        `-only=${layer}.tart-cli.${layer}`,
        `-var-file=${join(choice.folder, choice.release.file)}`,
        ...Object.entries(layerVariables(choice, layer, from)).flatMap(([name, value]) => [
          "-var",
          `${name}=${value}`,
        ]),
        choice.folder,
      ],
    ],
    limitMinutes: LIMIT_MINUTES[layer],
  };
}

function layerVariables(choice: Choice, layer: Layer, from: string | undefined): Record<string, string> {
  const { xcode, variables } = choice;
  return {
    ...variables,
    ...(layer === "vanilla" ? { ipsw: restoreImagePath(choice) } : {}),
    ...(from === undefined ? {} : { from_vm: from }),
    vm_name: vmName(choice, layer),
    ...(layer === "xcode" && xcode
      ? { xcode_version: xcode.version, xcode_xip: xcode.xip, xcode_xip_sha256: xcode.sha256 ?? "" }
      : {}),
  };
}

function vmName({ release, xcode }: Choice, layer: Layer): string {
  const withXcode = xcode === undefined ? release.release : `${release.release}-xcode-${xcode.version}`;
  switch (layer) {
    case "vanilla":
    case "base":
      return `${release.release}-${layer}`;
    case "sip":
      return `${release.release}-sip-off`;
    case "xcode":
      return withXcode;
    case "runner":
    default:
      return `${withXcode}-runner`;
  }
}

const restoreImagePath = ({ release, downloads }: Choice) => join(downloads, basename(release.ipsw_url));

/** Goes on where an earlier one broke off; curl calls it an error when nothing is left to fetch. */
function fetchCommand(url: string, path: string): string[] {
  const script =
    'test -e "$2" || { curl -fL --retry 3 --create-dirs -C - -o "$2.part" "$1" && mv "$2.part" "$2"; }';
  return ["/bin/sh", "-c", script, "sh", url, path];
}

/** Where nobody has told the sum it is printed, to be noted down. */
function sumCommand(sha256: string, path: string): string[] {
  return sha256 === ""
    ? ["shasum", "-a", "256", path]
    : ["/bin/sh", "-c", 'echo "$1  $2" | shasum -a 256 -c -', "sh", sha256, path];
}
