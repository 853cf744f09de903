-- The same people for MariaDB, which has no arrays; a boolean is a tinyint(1).
create database {schema} character set utf8mb4;
use {schema};
create table people (
    email varchar(99) primary key, note text, visits int, bigNumber bigint, balance decimal(12, 2), ratio decimal(20, 4),
    vip boolean, born date, seen timestamp(3) null, local datetime(3), opens time, prefs json, postcode varchar(9)
);
set time_zone = '+00:00';
insert into people values
    ('ann@example.com', 'a "quote", a\nline', 12, 9007199254740993, 12.50, 5, true, '1990-02-28', '2026-01-02 03:04:05.678',
     '2026-01-02 03:04:05.678', '09:30', '{{"k": true, "n": 2.5}}', '01234'),
    ('bob@example.com', '', null, null, null, null, null, null, null, null, null, null, null),
    ('cat@example.com', 'cat', 7, 1, 0.10, 2.5, false, '2001-12-31', '2026-02-03', '2026-02-03', '00:00',
     '{{"k": false, "n": 1}}', '99999');
