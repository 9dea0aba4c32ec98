CREATE TABLE `history` (
	`span` text NOT NULL,
	`start` integer NOT NULL,
	`series` text NOT NULL,
	`key` text NOT NULL,
	`count` integer NOT NULL,
	`sum` real NOT NULL,
	`max` real NOT NULL,
	`buckets` text,
	PRIMARY KEY(`span`, `start`, `series`, `key`),
	CONSTRAINT "history_span" CHECK(span in ('minute', 'hour', 'day')),
	CONSTRAINT "history_series" CHECK(series in ('wait', 'team_wait', 'boot', 'image_boot', 'slots', 'queue', 'ends', 'failures')),
	CONSTRAINT "history_count" CHECK(count > 0)
) STRICT, WITHOUT ROWID;
