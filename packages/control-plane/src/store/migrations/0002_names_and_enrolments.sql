DROP INDEX `vms_live_name`;--> statement-breakpoint
CREATE UNIQUE INDEX `vms_live_name` ON `vms` (`team`,`name`) WHERE state not in ('deleted', 'failed');--> statement-breakpoint
ALTER TABLE `tokens` ADD `enrolled_by` text;