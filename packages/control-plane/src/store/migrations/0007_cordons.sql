ALTER TABLE `hosts` ADD `cordon` text;--> statement-breakpoint
ALTER TABLE `hosts` ADD `removed_at` integer;