CREATE TABLE `host_time` (
	`day` integer NOT NULL,
	`host_id` integer NOT NULL,
	`kind` text NOT NULL,
	`ms` integer NOT NULL,
	PRIMARY KEY(`day`, `host_id`, `kind`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "host_time_kind" CHECK(kind in ('booting', 'working', 'draining', 'warm', 'held', 'phantom')),
	CONSTRAINT "host_time_ms" CHECK(ms > 0)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `slot_time` (
	`day` integer NOT NULL,
	`team` text NOT NULL,
	`image` text NOT NULL,
	`labels` text NOT NULL,
	`kind` text NOT NULL,
	`ms` integer NOT NULL,
	PRIMARY KEY(`day`, `team`, `image`, `labels`, `kind`),
	CONSTRAINT "slot_time_kind" CHECK(kind in ('waiting', 'booting', 'working', 'draining', 'warm', 'held', 'phantom')),
	CONSTRAINT "slot_time_ms" CHECK(ms > 0)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `attempts` ADD `accounted_until` integer;