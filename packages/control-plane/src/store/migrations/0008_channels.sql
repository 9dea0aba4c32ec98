CREATE TABLE `channels` (
	`name` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL
) STRICT;
