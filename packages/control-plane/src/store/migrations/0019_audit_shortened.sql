DROP TRIGGER `audit_keeps_all`;--> statement-breakpoint
CREATE TRIGGER `audit_keeps_all` BEFORE DELETE ON `audit`
WHEN old.seq > coalesce((SELECT json_extract(`details`, '$.seq') FROM `audit` WHERE `action` = 'audit.shortened' ORDER BY `seq` DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'audit rows are never removed, but for those that the log says it was shortened by'); END;
