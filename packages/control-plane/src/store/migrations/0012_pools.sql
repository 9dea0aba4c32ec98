CREATE TABLE `pools` (
	`name` text PRIMARY KEY NOT NULL,
	`settings` text NOT NULL,
	`hits` integer DEFAULT 0 NOT NULL,
	`misses` integer DEFAULT 0 NOT NULL,
	`idle_ms` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "pools_counted" CHECK(hits >= 0 and misses >= 0 and idle_ms >= 0)
) STRICT;
--> statement-breakpoint
ALTER TABLE `attempts` ADD `instance` text;--> statement-breakpoint
CREATE UNIQUE INDEX `attempts_instance` ON `attempts` (`instance`) WHERE instance is not null;--> statement-breakpoint
CREATE INDEX `vms_warm` ON `vms` (`seq`) WHERE team = '' and state not in ('deleted', 'failed');