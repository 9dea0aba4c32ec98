CREATE TABLE `deliveries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` integer NOT NULL,
	`message_id` text NOT NULL,
	`type` text NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`dead_at` integer,
	`status` integer,
	`message` text,
	FOREIGN KEY (`webhook_id`) REFERENCES `webhooks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `deliveries_once` ON `deliveries` (`webhook_id`,`message_id`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`webhook_id`,`due_at`) WHERE dead_at is null;--> statement-breakpoint
CREATE INDEX `deliveries_dead` ON `deliveries` (`webhook_id`) WHERE dead_at is not null;--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`sealed` blob NOT NULL,
	`shown_url` text NOT NULL,
	`events` text NOT NULL,
	`team` text,
	`template` text NOT NULL,
	`enabled` integer NOT NULL,
	`disabled_reason` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`previous_until` integer,
	`events_until` integer NOT NULL,
	`audit_until` integer NOT NULL,
	`last_delivered_at` integer,
	`last_failed_at` integer,
	`last_failure` text,
	CONSTRAINT "webhooks_template" CHECK(template in ('json', 'slack'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_name_unique` ON `webhooks` (`name`);