import type { CordonRecord, Finding, HostRecord } from "@tartfleet/shared";
import { findingsInShort, findingsText, paintFindings } from "./findings.ts";
import { shortDigest } from "./images.ts";
import type { Colors, Style } from "./style.ts";
import { block, table } from "./table.ts";
import { bytesText, count, harmless, oneLine, pairs } from "./text.ts";
import { age, timeWithAge } from "./time.ts";

/** `host list`. */
export function hostTable(hosts: readonly HostRecord[], style: Style): string {
  return table(
    hosts,
    [
      { head: "NAME", text: (host) => host.name },
      {
        head: "STATE",
        text: (host) => connection(host, style.now),
        paint: (text, { connected, cordon }, colors) =>
          cordon && connected ? colors.yellow(text) : connected ? colors.green(text) : colors.red(text),
      },
      { head: "SLOTS", text: slotsText },
      {
        head: "DOCTOR",
        text: ({ facts }) => findingsInShort(facts?.findings),
        paint: (text, { facts }, colors) => paintFindings(text, facts?.findings, colors),
        spare: 0,
      },
      { head: "DISK FREE", text: ({ facts }) => (facts ? `${facts.diskFreeGiB} GiB` : "-"), align: "right" },
      {
        head: "IMAGES",
        text: ({ facts }) => (facts ? String(facts.images.length) : "-"),
        align: "right",
        spare: 1,
      },
      {
        head: "AGENT",
        text: ({ facts, agentIsBehind }) =>
          facts ? `${facts.agentVersion}${agentIsBehind ? " (behind)" : ""}` : "-",
        paint: (text, { agentIsBehind }, colors) => (agentIsBehind ? colors.yellow(text) : text),
        spare: 2,
      },
      { head: "TART", text: ({ facts }) => facts?.tartVersion ?? "-", spare: 2 },
      { head: "MACOS", text: ({ facts }) => facts?.osVersion ?? "-", spare: 3 },
      {
        head: "LABELS",
        text: ({ labels }) => pairs(labels) || "-",
        cut: { from: "end", least: 10 },
        spare: 4,
      },
      { head: "SEEN", text: (host) => age(host.lastSeenAt, style.now), spare: 1 },
    ],
    style,
  );
}

/** `host get`: the host, its slots and what is in them, its images. */
export function hostDetails(record: HostRecord, style: Style): string {
  const host = harmless(record);
  const { facts } = host;
  const { now, colors } = style;
  const state = connection(host, now);
  return block(
    [
      ["name", host.name],
      ["state", host.connected ? colors.green(state) : colors.red(state)],
      ["cordon", host.cordon ? colors.yellow(cordonText(host.cordon, now)) : undefined],
      ["last seen", timeWithAge(host.lastSeenAt, now)],
      ["machine id", oneLine(host.machineId)],
      ["enrolled", timeWithAge(host.createdAt, now)],
      ["slots", host.slots.map((slot) => `${slot.slot}: ${slotText(slot)}`).join("\n")],
      ["linux VMs", host.linuxVms.map(({ vmId }) => vmId).join("\n") || undefined],
      ["agent", facts ? agentText(facts.agentVersion, host.agentIsBehind) : "has not connected yet"],
      ["tart", facts ? oneLine(facts.tartVersion) : undefined],
      ["macOS", facts ? oneLine(facts.osVersion) : undefined],
      ["arch", facts ? oneLine(facts.arch) : undefined],
      ["cpu", facts ? String(facts.cpu) : undefined],
      ["memory", facts ? `${facts.memoryMiB} MiB` : undefined],
      ["disk", facts ? `${facts.diskFreeGiB} GiB free of ${facts.diskTotalGiB} GiB` : undefined],
      ["labels", pairs(host.labels) || "-"],
      ["bound labels", pairs(host.boundLabels) || undefined],
      ["doctor", facts ? doctorText(facts.findings, colors) : undefined],
      ["images", facts ? imagesText(facts.images, now) : undefined],
      ["pulls", facts?.pulls?.map(pullText).join("\n") || undefined],
      ["foreign VMs", facts && facts.foreign.length > 0 ? foreignText(facts.foreign) : undefined],
    ],
    style,
  );
}

function doctorText(findings: readonly Finding[] | undefined, colors: Colors): string {
  if (findings === undefined) return "has not looked yet, or is not in this agent";
  return findingsText(findings, colors);
}

function agentText(version: string, isBehind: boolean): string {
  const advice = isBehind ? ", older than the control plane: upgrade it (that touches no VM)" : "";
  return `${oneLine(version)}${advice}`;
}

function connection({ connected, unreachableSince, facts, cordon }: HostRecord, now: number): string {
  if (connected) return cordon === null ? "connected" : shortCordon(cordon);
  if (facts === null) return "never connected";
  return unreachableSince === null ? "silent" : `silent, last heard ${age(unreachableSince, now)}`;
}

function shortCordon({ drain, breaker }: CordonRecord): string {
  if (breaker) return breaker.isProbing ? "failing, being tried" : "failing, rests";
  if (drain === null) return "cordoned";
  if (drain.isDone) return "drained";
  return drain.isOverdue ? "draining, overdue" : "draining";
}

/** `draining by token ana (4k2…): os upgrade, since 2h ago, until …`. */
function cordonText(cordon: CordonRecord, now: number): string {
  const { by, reason, since, until, drain, breaker } = cordon;
  const parts = [
    `${shortCordon(cordon)} by ${oneLine(by)}: ${oneLine(reason)}`,
    `since ${timeWithAge(since, now)}`,
    until === null ? undefined : `until ${until}`,
    breaker === null || breaker.isProbing ? undefined : `tried again ${breaker.probeAt}`,
    drain === null
      ? undefined
      : `deadline ${drain.deadlineAt}${drain.endVms ? ", then its VMs are ended" : ""}`,
  ];
  return parts.filter((part) => part !== undefined).join("\n");
}

/** `1/2 busy`, with what nobody asked for: `1/2 busy, 1 phantom`. */
function slotsText({ slots }: HostRecord): string {
  const amount = (state: string) => slots.filter((slot) => slot.state === state).length;
  const phantom = amount("phantom");
  return `${amount("busy")}/${slots.length} busy${phantom > 0 ? `, ${phantom} phantom` : ""}`;
}

function slotText({ state, vmId, attempt }: HostRecord["slots"][number]): string {
  if (vmId !== null) return `VM ${vmId}, attempt ${attempt ?? "?"}`;
  return state === "phantom" ? "phantom (taken by something tartfleet did not ask for)" : state;
}

type Facts = NonNullable<HostRecord["facts"]>;

/** `ghcr.io/org/image:15 (31.3 GiB, sha256:4f2a4f2a4f2a, used 3h ago)`, as far as it is known. */
function imagesText(images: Facts["images"], now: number): string {
  const lines = images.map(({ reference, sizeGiB, digest, lastUsedAt }) => {
    const known = [
      `${sizeGiB.toFixed(1)} GiB`,
      digest === undefined || reference.endsWith(digest) ? undefined : shortDigest(digest),
      lastUsedAt === undefined ? undefined : `used ${age(lastUsedAt, now)}`,
    ];
    return `${oneLine(reference)} (${known.filter((part) => part !== undefined).join(", ")})`;
  });
  return lines.join("\n") || "-";
}

/** `ghcr.io/org/image:15, 42% of 25.4 GB`. */
function pullText({ reference, percent, totalBytes }: NonNullable<Facts["pulls"]>[number]): string {
  const total = totalBytes === undefined ? "" : ` of ${bytesText(totalBytes)}`;
  return `${oneLine(reference)}, ${percent}%${total}`;
}

function foreignText(foreign: Facts["foreign"]): string {
  const lines = foreign.map(
    ({ name, os, running }) => `${oneLine(name)} (${os}${running ? ", running" : ""})`,
  );
  return [`${count(foreign.length, "VM")} not tartfleet's, never touched`, ...lines].join("\n");
}
