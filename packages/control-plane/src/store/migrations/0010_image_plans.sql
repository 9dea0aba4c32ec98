CREATE TABLE `image_plans` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`image` text NOT NULL,
	`host_labels` text NOT NULL,
	`beside_image` text,
	`reason` text,
	`by` text NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	`outcome` text,
	`why` text,
	CONSTRAINT "image_plans_kind" CHECK(kind in ('prepull', 'pin', 'channel')),
	CONSTRAINT "image_plans_outcome" CHECK(outcome in ('done', 'failed', 'ended')),
	CONSTRAINT "image_plans_ended" CHECK((ended_at is null) = (outcome is null))
) STRICT;
--> statement-breakpoint
CREATE INDEX `image_plans_standing` ON `image_plans` (`created_at`) WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX `image_plans_ended_at` ON `image_plans` (`ended_at`);