CREATE TABLE `phase_times` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`vm_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`host_id` integer,
	`team` text NOT NULL,
	`image` text NOT NULL,
	`digest` text,
	`phase` text NOT NULL,
	`duration_ms` integer NOT NULL,
	`outcome` text NOT NULL,
	`measured` integer NOT NULL,
	`verdict` text,
	CONSTRAINT "phase_times_phase" CHECK(phase in ('queued', 'assigned', 'pulling', 'cloning', 'booting', 'provisioning', 'run', 'stop')),
	CONSTRAINT "phase_times_duration" CHECK(duration_ms >= 0)
) STRICT;
--> statement-breakpoint
CREATE INDEX `phase_times_of_phase` ON `phase_times` (`phase`) WHERE measured = 1;--> statement-breakpoint
CREATE INDEX `phase_times_of_image` ON `phase_times` (`image`,`phase`) WHERE measured = 1;--> statement-breakpoint
CREATE INDEX `phase_times_of_digest` ON `phase_times` (`digest`,`phase`) WHERE measured = 1 and digest is not null;--> statement-breakpoint
CREATE INDEX `phase_times_of_team` ON `phase_times` (`team`,`image`) WHERE measured = 1 and phase = 'run';--> statement-breakpoint
CREATE INDEX `phase_times_host_verdicts` ON `phase_times` (`host_id`) WHERE verdict is not null;--> statement-breakpoint
CREATE INDEX `phase_times_image_verdicts` ON `phase_times` (`image`) WHERE verdict is not null;--> statement-breakpoint
CREATE INDEX `phase_times_digest_verdicts` ON `phase_times` (`digest`) WHERE verdict is not null and digest is not null;