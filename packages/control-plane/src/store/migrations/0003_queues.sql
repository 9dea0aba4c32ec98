CREATE TABLE `queues` (
	`team` text PRIMARY KEY NOT NULL,
	`queued` integer NOT NULL,
	CONSTRAINT "queues_counted" CHECK(queued >= 0)
) STRICT;
--> statement-breakpoint
DROP INDEX `vms_queued_of_team`;--> statement-breakpoint
CREATE INDEX `vms_queued` ON `vms` (`seq`) WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX `vms_queued_linux` ON `vms` (`seq`) WHERE state = 'queued' and spec ->> 'os' = 'linux';--> statement-breakpoint
INSERT INTO `queues` (`team`, `queued`) SELECT `team`, count(*) FROM `vms` WHERE `state` = 'queued' GROUP BY `team`;--> statement-breakpoint
CREATE TRIGGER `queues_accepted` AFTER INSERT ON `vms` WHEN new.state = 'queued' BEGIN
	INSERT INTO `queues` (`team`, `queued`) VALUES (new.team, 1) ON CONFLICT (`team`) DO UPDATE SET `queued` = `queued` + 1;
END;--> statement-breakpoint
CREATE TRIGGER `queues_entered` AFTER UPDATE OF `state` ON `vms` WHEN new.state = 'queued' AND old.state <> 'queued' BEGIN
	INSERT INTO `queues` (`team`, `queued`) VALUES (new.team, 1) ON CONFLICT (`team`) DO UPDATE SET `queued` = `queued` + 1;
END;--> statement-breakpoint
CREATE TRIGGER `queues_left` AFTER UPDATE OF `state` ON `vms` WHEN old.state = 'queued' AND new.state <> 'queued' BEGIN
	UPDATE `queues` SET `queued` = `queued` - 1 WHERE `team` = old.team;
END;--> statement-breakpoint
CREATE TRIGGER `queues_removed` AFTER DELETE ON `vms` WHEN old.state = 'queued' BEGIN
	UPDATE `queues` SET `queued` = `queued` - 1 WHERE `team` = old.team;
END;
