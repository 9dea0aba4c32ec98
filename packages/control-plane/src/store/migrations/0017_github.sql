CREATE TABLE `github_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `github_deliveries_at` ON `github_deliveries` (`at`);--> statement-breakpoint
CREATE TABLE `github_jobs` (
	`definition` text NOT NULL,
	`job_id` text NOT NULL,
	`state` text NOT NULL,
	`name` text NOT NULL,
	`repository` text NOT NULL,
	`run_id` text NOT NULL,
	`run_attempt` text,
	`runner_name` text,
	`vm_id` text,
	`first_at` integer NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`definition`, `job_id`),
	CONSTRAINT "github_jobs_state" CHECK(state in ('waiting', 'running', 'done'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `github_jobs_open` ON `github_jobs` (`definition`,`state`) WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX `github_jobs_vm` ON `github_jobs` (`vm_id`) WHERE vm_id is not null;--> statement-breakpoint
CREATE INDEX `github_jobs_done` ON `github_jobs` (`changed_at`) WHERE state = 'done';--> statement-breakpoint
CREATE TABLE `github_sessions` (
	`definition` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL
) STRICT;
