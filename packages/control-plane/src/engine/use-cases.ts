import type {
  AssignmentSet,
  AttemptRecord,
  AttemptRef,
  AttemptsQuery,
  AuditPage,
  AuditQuery,
  Board,
  ChangeWebhook,
  CreatedWebhook,
  CreateWebhook,
  DeliveriesQuery,
  DeliveryRecord,
  ReplayWebhook,
  RotateWebhook,
  WebhookRecord,
  WebhookTryRecord,
  Bootstrap,
  CallErrorCode,
  Capacity,
  CapacityQuery,
  CreatedToken,
  CreateToken,
  CreateVm,
  CordonHost,
  DrainHost,
  DeleteVmQuery,
  EnrolHost,
  Explanation,
  GuestEvent,
  HeardReport,
  HoldVm,
  Hello,
  HostFacts,
  HistoryAnswer,
  HistoryQuery,
  HostRecord,
  ImagePlanRecord,
  ImageRecord,
  PlanImage,
  PrunedHost,
  PruneImages,
  QueuePage,
  ListVmsQuery,
  RemovedHost,
  ReportResult,
  RotateToken,
  ChannelRecord,
  PoolRecord,
  RollOut,
  SetChannel,
  SetPool,
  SetShare,
  SlotReport,
  SlotReportQuery,
  TagAnswer,
  TeamRecord,
  TokenRecord,
  TokenRole,
  Topic,
  TunnelCut,
  TunnelKind,
  VmEvent,
  VmPage,
  VmRecord,
  Welcome,
} from "@tartfleet/shared";
import type { RunnerFrom } from "./integration.ts";

/** Who calls, as told by the token. */
export type Principal =
  | {
      kind: "token";
      tokenId: string;
      role: TokenRole;
      name: string;
      /** Whose VMs it makes, sees and ends; null: everybody's. */
      team: string | null;
    }
  | { kind: "host"; hostId: number; hostName: string }
  | { kind: "vm"; vmId: string; attempt: number };

/** A call: by whom, under which id, and from which address (null: the control plane itself). */
export interface Caller<P extends Principal = Principal> {
  principal: P;
  requestId: string;
  address: string | null;
  /** W3C Trace Context of the call, as it was sent. */
  traceparent?: string | undefined;
}

/** A host: only it may use the agent's calls. */
export type HostCaller = Caller<Extract<Principal, { kind: "host" }>>;

/**
 * Everything that can be asked of the control plane. Both faces of the API (REST and tRPC) call these and
 * hold no rule of their own. Expected failures are thrown as `CallError`; a promise resolves when what it
 * says is durable.
 */
export interface UseCases {
  /** Who a bearer token speaks for; undefined when unknown, expired or revoked. */
  authenticate(bearer: string): Principal | undefined;
  /**
   * Calls once, when the bearer token stops being valid: revoked, expired, replaced, its grace after a
   * rotation over, its VM ended; at once when it is not. Costs nothing while nothing happens to it.
   *
   * @returns how to stop listening
   */
  whenInvalid(bearer: string, call: () => void): () => void;

  /**
   * Accepts a VM. `created` is false when the idempotency key already has a live VM with the same body.
   *
   * @param runnerFrom of an integration alone
   */
  createVm(
    caller: Caller,
    input: CreateVm,
    idempotencyKey?: string,
    runnerFrom?: RunnerFrom,
  ): Promise<{ vm: VmRecord; created: boolean }>;
  getVm(id: string): VmRecord;
  /** Undefined when there is no such VM. */
  teamOfVm(id: string): string | undefined;
  listVms(query: ListVmsQuery): VmPage;
  /** Resolves when the VM is ready (or ended), or after the time with the record as it then is. */
  waitForVm(
    id: string,
    goal: "ready" | "ended",
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<VmRecord>;
  /** Why it is not running yet, or what it is doing. */
  explainVm(id: string): Explanation;
  /** History after the event id, oldest first, at most `limit`. */
  vmEvents(id: string, after: number, limit: number): VmEvent[];
  /** History after the event id and then live; ends after the VM's last event or with the signal. */
  followVmEvents(id: string, after: number, signal: AbortSignal): AsyncGenerator<VmEvent, void>;
  /** What a DELETE means depends on the caller: a VM's own token announces its end, anyone else ends it now. */
  endVm(caller: Caller, id: string, query: DeleteVmQuery): Promise<VmRecord>;
  /** Whatever ends the VM, its instance stays for so long. Throws `vm_not_holdable`, `invalid_request`. */
  holdVm(caller: Caller, id: string, hold: HoldVm): Promise<VmRecord>;
  /** Ends a hold; a VM that was there for it alone ends. */
  unholdVm(caller: Caller, id: string): Promise<VmRecord>;
  /** The VM's own hooks tell of its job. */
  guestEvent(caller: Caller, id: string, event: GuestEvent): Promise<VmRecord>;

  /**
   * Has the VM's host open a tunnel; whoever joins its ends tells when it has ended. Throws `vm_not_reachable`,
   * `host_silent`, `tunnel_unsupported`, `too_many_tunnels`.
   */
  openTunnel(caller: Caller, vmId: string, kind: TunnelKind): Promise<Tunnel>;
  /** The tunnel that a host was told to open. Throws `tunnel_not_found`. */
  tunnelFor(caller: HostCaller, id: string): Tunnel;

  listHosts(): HostRecord[];
  /** The images that hosts have, by name. */
  listImages(): ImageRecord[];
  /**
   * What became of the newest attempts on a host or of an image, newest first. Throws `host_not_found`.
   *
   * @param team whose VMs are named; null: everybody's
   */
  listAttempts(query: AttemptsQuery, team: string | null): AttemptRecord[];
  /** Plans and pins that stand, and those that have ended of late. */
  listImagePlans(): ImagePlanRecord[];
  getImagePlan(id: string): ImagePlanRecord;
  /** Hosts are to have an image. The same asked for again is the plan that stands. */
  planImage(caller: Caller, plan: PlanImage): Promise<ImagePlanRecord>;
  /** Ends a plan or a pin; hosts keep what they have until it is removed to make room. */
  endImagePlan(caller: Caller, id: string): Promise<ImagePlanRecord>;
  /** Removes images that nobody needs until so much is free. Throws `host_not_found`. */
  pruneImages(caller: Caller, options: PruneImages): Promise<PrunedHost[]>;
  getHost(name: string): HostRecord;
  /** The fleet's slots; with a query also what room there is for VMs of that kind, for the team. */
  capacity(query?: CapacityQuery, team?: string): Capacity;

  /** The fleet at a glance. @param team whose VMs are named, and whose queue and ends are counted; null: all */
  fleetBoard(team: string | null): Board;
  /** The same, and then what changes, at most twice a second, until the signal aborts. */
  watchFleet(team: string | null, signal: AbortSignal): AsyncGenerator<Board, void>;
  /** Kinds of things that have changed, at most once a second, until the signal aborts. */
  watchTopics(signal: AbortSignal): AsyncGenerator<{ topics: Topic[] }, void>;
  /** Who waits, why and until when: the first of each of at most `limit` lines. */
  queuePage(limit: number, team: string | null): QueuePage;

  listChannels(): ChannelRecord[];
  getChannel(name: string): ChannelRecord;
  /** Makes a channel, or gives all its new VMs an image at once; ends a rollout. */
  setChannel(caller: Caller, name: string, to: SetChannel): Promise<ChannelRecord>;
  /** Shifts its new VMs to another image step by step, or back by itself. */
  rollOutChannel(caller: Caller, name: string, to: RollOut): Promise<ChannelRecord>;
  /** Throws `invalid_request` when nothing is being rolled out. */
  rollBackChannel(caller: Caller, name: string): Promise<ChannelRecord>;
  removeChannel(caller: Caller, name: string): Promise<void>;

  listPools(): PoolRecord[];
  getPool(name: string): PoolRecord;
  /** Makes a pool of warm VMs, or changes it: those that were made otherwise are renewed one by one. */
  setPool(caller: Caller, name: string, pool: SetPool): Promise<PoolRecord>;
  /** Its warm VMs end. Throws `pool_not_found`. */
  removePool(caller: Caller, name: string): Promise<void>;

  /** Tells somebody of what happens from now on; the secret that signs it is in the answer alone. */
  createWebhook(caller: Caller, webhook: CreateWebhook): Promise<CreatedWebhook>;
  listWebhooks(): WebhookRecord[];
  getWebhook(name: string): WebhookRecord;
  changeWebhook(caller: Caller, name: string, change: ChangeWebhook): Promise<WebhookRecord>;
  /** With what waits for it, and what was given up. */
  removeWebhook(caller: Caller, name: string): Promise<void>;
  /** Gives it a new secret; the one before signs as well for the grace. */
  rotateWebhook(caller: Caller, name: string, input: RotateWebhook): Promise<CreatedWebhook>;
  /** Sends it a ping now, and says what became of it. */
  testWebhook(caller: Caller, name: string): Promise<WebhookTryRecord>;
  /** By their ids. */
  listDeliveries(name: string, query: DeliveriesQuery): DeliveryRecord[];
  /** Tries dead deliveries again as if they were new. Throws `delivery_not_found`. */
  replayWebhook(caller: Caller, name: string, which: ReplayWebhook): Promise<{ replayed: number }>;

  /** Every team that is known, by its name, with its share, what it holds and what waits. */
  listTeams(): TeamRecord[];
  /** Of a team for which no share was set, that of any team. */
  getTeam(name: string): TeamRecord;
  /** Sets a team's share; holds at once, and ends nothing that has started. */
  setTeam(caller: Caller, name: string, share: SetShare): Promise<TeamRecord>;
  /** Throws `team_not_found` when it has none of its own. */
  removeTeam(caller: Caller, name: string): Promise<void>;

  /** The host gets nothing new, until somebody or the time ends that. Throws `host_not_found`. */
  cordonHost(caller: Caller, name: string, cordon: CordonHost): Promise<HostRecord>;
  uncordonHost(caller: Caller, name: string): Promise<HostRecord>;
  /** Cordons the host so that it becomes empty; past the deadline it is told which VMs are left, or they are ended. */
  drainHost(caller: Caller, name: string, drain: DrainHost): Promise<HostRecord>;
  /** Takes the host out of the fleet. Throws `host_has_vms` unless it is forced. */
  removeHost(
    caller: Caller,
    name: string,
    options: { force?: boolean | undefined; dryRun?: boolean | undefined },
  ): Promise<RemovedHost>;

  createToken(caller: Caller, input: CreateToken): Promise<CreatedToken>;
  listTokens(): TokenRecord[];
  /** Gives a token a new secret; the one before works on for the grace. */
  rotateToken(caller: Caller, id: string, input: RotateToken): Promise<CreatedToken>;
  revokeToken(caller: Caller, id: string): Promise<void>;

  /** Makes or renews a host's credential. */
  enrolHost(caller: Caller, input: EnrolHost): Promise<{ name: string; credential: string }>;
  /** Ends a host's credential and cuts its agent off; its VMs stay as they are until it is enrolled anew. */
  revokeHost(caller: Caller, name: string): Promise<void>;
  readonly agent: AgentUseCases;

  /** How the fleet stands and what it has done, in Prometheus' text format. */
  metrics(): Promise<string>;

  /** How the fleet was over time. Throws `invalid_request` for a time that is none. */
  history(query: HistoryQuery): HistoryAnswer;
  /** What slots' time was spent on, by whose VMs. Throws `invalid_request` for a label that is not kept. */
  slotReport(query: SlotReportQuery): SlotReport;

  /** Rows of the audit log. */
  auditPage(query: AuditQuery): AuditPage;
  /** Somebody was refused, before any use case was reached, what their token does not allow. */
  noteRefusal(caller: Caller, action: string, subject: string, code: CallErrorCode): void;
  /** A token that is not valid was sent from the address. */
  noteStranger(address: string): void;
}

/** A tunnel that somebody asked for and that has not ended. */
export interface Tunnel {
  readonly id: string;
  readonly kind: TunnelKind;
  /** Aborts, with the `TunnelCut` as its reason, when it may not go on. */
  readonly signal: AbortSignal;
  /** To be told once; resolves when that is durable. */
  ended(how: TunnelEnded): Promise<void>;
}

/** How a tunnel ended, and how many bytes it carried, those of its frames' heads among them. */
export interface TunnelEnded {
  reason: TunnelCut | "closed" | "not_opened";
  toGuest: number;
  fromGuest: number;
}

/** What an agent may ask; every call but `hello` carries the session's epoch and fails when it is fenced. */
export interface AgentUseCases {
  hello(caller: HostCaller, hello: Hello): Promise<Welcome>;
  /** The whole set at once and after every change. Throws `session_fenced` when a newer session takes over. */
  assignments(caller: HostCaller, epoch: number, signal: AbortSignal): AsyncGenerator<AssignmentSet, void>;
  report(caller: HostCaller, epoch: number, reports: readonly HeardReport[]): Promise<ReportResult[]>;
  heartbeat(
    caller: HostCaller,
    epoch: number,
    changed: { facts?: HostFacts | undefined; instances?: Hello["instances"] | undefined },
  ): Promise<void>;
  /** What it learned of a reference that its set of assignments asked about. */
  resolved(caller: HostCaller, epoch: number, reference: string, answer: TagAnswer): Promise<void>;
  /** The secrets for one attempt's guest; `attempt_not_current` when it is not to be brought up any more. */
  bootstrap(caller: HostCaller, epoch: number, attempt: AttemptRef): Promise<Bootstrap>;
}
