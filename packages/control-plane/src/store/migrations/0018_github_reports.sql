CREATE TABLE `github_reports` (
	`definition` text NOT NULL,
	`repository` text NOT NULL,
	`run_id` text NOT NULL,
	`sha` text,
	`at` integer NOT NULL,
	`cleared_at` integer,
	PRIMARY KEY(`definition`, `repository`, `run_id`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `github_reports_open` ON `github_reports` (`at`) WHERE cleared_at is null;