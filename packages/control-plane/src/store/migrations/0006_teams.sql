CREATE TABLE `teams` (
	`name` text PRIMARY KEY NOT NULL,
	`guaranteed` integer NOT NULL,
	`cap` integer,
	`weight` real NOT NULL,
	CONSTRAINT "teams_guaranteed" CHECK(guaranteed >= 0),
	CONSTRAINT "teams_cap" CHECK(cap is null or cap >= guaranteed),
	CONSTRAINT "teams_weight" CHECK(weight > 0)
) STRICT;
--> statement-breakpoint
DROP INDEX `vms_queued_linux`;