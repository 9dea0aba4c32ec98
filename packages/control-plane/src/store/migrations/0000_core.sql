CREATE TABLE `attempts` (
	`vm_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`host_id` integer NOT NULL,
	`slot` integer,
	`want` text NOT NULL,
	`created_at` integer NOT NULL,
	`gone_at` integer,
	PRIMARY KEY(`vm_id`, `attempt`),
	FOREIGN KEY (`vm_id`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`host_id`,`slot`) REFERENCES `slots`(`host_id`,`slot`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "attempts_want" CHECK(want in ('running', 'gone')),
	CONSTRAINT "attempts_gone" CHECK(gone_at is null or want = 'gone')
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `attempts_slot` ON `attempts` (`host_id`,`slot`) WHERE gone_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX `attempts_wanted` ON `attempts` (`vm_id`) WHERE want = 'running';--> statement-breakpoint
CREATE INDEX `attempts_on_host` ON `attempts` (`host_id`) WHERE gone_at is null;--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`vm_id` text NOT NULL,
	`at` integer NOT NULL,
	`type` text NOT NULL,
	`state` text NOT NULL,
	`attempt` integer NOT NULL,
	`source` text NOT NULL,
	`message` text NOT NULL,
	`data` text NOT NULL,
	FOREIGN KEY (`vm_id`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "events_type" CHECK(type in ('accepted', 'state', 'attempt_failed', 'end_announced', 'end_requested', 'job', 'evidence', 'stop_rung')),
	CONSTRAINT "events_state" CHECK(state in ('queued', 'assigned', 'pulling', 'cloning', 'booting', 'provisioning', 'ready', 'draining', 'stopping', 'deleted', 'failed'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `events_of_vm` ON `events` (`vm_id`,`id`);--> statement-breakpoint
CREATE TABLE `hosts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`machine_id` text NOT NULL,
	`epoch` integer DEFAULT 0 NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	`facts` text,
	`phantoms` integer DEFAULT 0 NOT NULL,
	`last_seen_at` integer,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `hosts_name_unique` ON `hosts` (`name`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `slots` (
	`host_id` integer NOT NULL,
	`slot` integer NOT NULL,
	PRIMARY KEY(`host_id`, `slot`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "slots_two" CHECK(slot in (0, 1))
) STRICT;
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`host_id` integer,
	`vm_id` text,
	`attempt` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`vm_id`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "tokens_kind" CHECK(kind in ('admin', 'ci', 'viewer', 'host-enrolment', 'host', 'vm'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `tokens_of_vm` ON `tokens` (`vm_id`) WHERE vm_id is not null;--> statement-breakpoint
CREATE INDEX `tokens_of_host` ON `tokens` (`host_id`) WHERE host_id is not null;--> statement-breakpoint
CREATE TABLE `vms` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`state_since` integer NOT NULL,
	`spec` text NOT NULL,
	`job_id` text,
	`created_by` text NOT NULL,
	`idempotency_key` text,
	`body_hash` text,
	`secrets` blob,
	`attempt` integer NOT NULL,
	`host_id` integer,
	`budget_ends_at` integer,
	`expires_at` integer,
	`deadline_at` integer,
	`announced` text,
	`end_reason` text,
	`end_message` text,
	`end_error` text,
	`job_state` text NOT NULL,
	`job_started_at` integer,
	`job_ended_at` integer,
	`job_details` text NOT NULL,
	`ip` text,
	`image_digest` text,
	`pull_percent` integer,
	`script_result` text,
	`created_at` integer NOT NULL,
	`assigned_at` integer,
	`ready_at` integer,
	`ended_at` integer,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "vms_state" CHECK(state in ('queued', 'assigned', 'pulling', 'cloning', 'booting', 'provisioning', 'ready', 'draining', 'stopping', 'deleted', 'failed')),
	CONSTRAINT "vms_ended" CHECK((ended_at is null) = (state not in ('deleted', 'failed')))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `vms_id_unique` ON `vms` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `vms_live_name` ON `vms` (`name`) WHERE state not in ('deleted', 'failed');--> statement-breakpoint
CREATE UNIQUE INDEX `vms_live_key` ON `vms` (`created_by`,`idempotency_key`) WHERE state not in ('deleted', 'failed');--> statement-breakpoint
CREATE INDEX `vms_live` ON `vms` (`state`,`seq`) WHERE state not in ('deleted', 'failed');--> statement-breakpoint
CREATE INDEX `vms_deadline` ON `vms` (`deadline_at`) WHERE deadline_at is not null;--> statement-breakpoint
CREATE INDEX `vms_job` ON `vms` (`job_id`,`seq`);--> statement-breakpoint
CREATE INDEX `vms_name` ON `vms` (`name`,`seq`);--> statement-breakpoint
CREATE INDEX `vms_host` ON `vms` (`host_id`,`seq`);