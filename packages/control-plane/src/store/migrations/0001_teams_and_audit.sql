CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`outcome` text NOT NULL,
	`address` text,
	`request_id` text,
	`details` text NOT NULL,
	`previous` text NOT NULL,
	`hash` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TRIGGER `audit_keeps` BEFORE UPDATE ON `audit` BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;--> statement-breakpoint
CREATE TRIGGER `audit_keeps_all` BEFORE DELETE ON `audit` BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END;--> statement-breakpoint
ALTER TABLE `hosts` ADD `bound_labels` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`team` text,
	`previous_hash` text,
	`previous_until` integer,
	`max_uses` integer,
	`uses` integer DEFAULT 0 NOT NULL,
	`host_labels` text,
	`host_id` integer,
	`vm_id` text,
	`attempt` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`vm_id`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "tokens_kind" CHECK(kind in ('admin', 'ci', 'viewer', 'host-enrolment', 'host', 'vm')),
	CONSTRAINT "tokens_uses" CHECK(max_uses is null or uses <= max_uses)
) STRICT;
--> statement-breakpoint
INSERT INTO `__new_tokens`("id", "kind", "name", "hash", "team", "host_id", "vm_id", "attempt", "created_at", "expires_at", "last_used_at", "revoked_at") SELECT "id", "kind", "name", "hash", CASE WHEN "kind" = 'ci' THEN 'default' END, "host_id", "vm_id", "attempt", "created_at", "expires_at", "last_used_at", "revoked_at" FROM `tokens`;--> statement-breakpoint
DROP TABLE `tokens`;--> statement-breakpoint
ALTER TABLE `__new_tokens` RENAME TO `tokens`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `tokens_of_vm` ON `tokens` (`vm_id`) WHERE vm_id is not null;--> statement-breakpoint
CREATE INDEX `tokens_of_host` ON `tokens` (`host_id`) WHERE host_id is not null;--> statement-breakpoint
ALTER TABLE `vms` ADD `team` text DEFAULT 'default' NOT NULL;--> statement-breakpoint
CREATE INDEX `vms_team` ON `vms` (`team`,`seq`);--> statement-breakpoint
CREATE INDEX `vms_queued_of_team` ON `vms` (`team`) WHERE state = 'queued';